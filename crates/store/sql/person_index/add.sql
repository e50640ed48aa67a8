INSERT INTO person_index (index_key, hash, customer, his_alone)
VALUES ($index_key, $hash, $customer, $his_alone)
