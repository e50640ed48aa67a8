INSERT INTO card_event (
    card, operation, from_state, to_state, reason, other_card, actor, role, door, shop, till,
    request, at
)
VALUES (
    $card, $operation, $from_state, $to_state, $reason, $other_card, $actor, $role, $door, $shop,
    $till, $request, $at
)
