INSERT INTO change (writer, kind, object, at) VALUES (0, $kind, $object, $at)
