UPDATE index_key SET in_use = (number = $number)
