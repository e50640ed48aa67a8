SELECT body_sha256, answer FROM request WHERE caller = $caller AND key = $key
