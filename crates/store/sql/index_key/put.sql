UPDATE index_key SET programme_key = $programme_key, sealed = $sealed WHERE number = $number
