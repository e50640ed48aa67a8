INSERT INTO request (caller, key, body_sha256, answer, at)
VALUES ($caller, $key, $body_sha256, $answer, $at)
