SELECT id, network, card_kind, body, scatter_key, next_index, created_at, version
FROM number_range WHERE id = $id
FOR UPDATE
