INSERT INTO index_key (number, programme_key, sealed, in_use)
VALUES ($number, $programme_key, $sealed, $in_use)
