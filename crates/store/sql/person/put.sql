UPDATE person
SET sealed = $sealed, index_key = $index_key, changed_at = $changed_at, version = version + 1
WHERE customer = $customer AND version = $version
