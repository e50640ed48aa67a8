SELECT id, card, operation, from_state, to_state, reason, other_card, actor, role, door, shop, till,
    request, at
FROM card_event WHERE card = $card AND id > $after ORDER BY id LIMIT $most
