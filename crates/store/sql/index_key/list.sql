SELECT number, programme_key, sealed, in_use FROM index_key ORDER BY number
