SELECT purpose, given, text_version, at, place, operator, means FROM consent
WHERE customer = $customer ORDER BY id
