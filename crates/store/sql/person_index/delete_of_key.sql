DELETE FROM person_index WHERE customer = $customer AND index_key = $index_key
