UPDATE wallet SET customer = $customer, version = version + 1
WHERE id = $id AND version = $version
