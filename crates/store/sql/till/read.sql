SELECT shop, id, closed, created_at, version FROM till WHERE shop = $shop AND id = $id
