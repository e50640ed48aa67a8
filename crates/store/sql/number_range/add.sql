INSERT INTO number_range (id, network, card_kind, body, scatter_key, next_index, created_at, version)
VALUES ($id, $network, $card_kind, $body, $scatter_key, 0, $at, 1)
ON CONFLICT (id) DO NOTHING
