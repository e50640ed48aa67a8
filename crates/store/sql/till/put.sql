UPDATE till SET closed = $closed, version = version + 1
WHERE shop = $shop AND id = $id AND version = $version
