INSERT INTO consent (customer, purpose, given, text_version, place, operator, means, request, at)
VALUES ($customer, $purpose, $given, $text_version, $place, $operator, $means, $request, $at)
