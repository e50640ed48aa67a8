INSERT INTO person_key (customer, programme_key, sealed) VALUES ($customer, $programme_key, $sealed)
