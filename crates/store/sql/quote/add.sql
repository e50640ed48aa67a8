INSERT INTO quote (
    id, state, network, shop, till, card, customer, wallet, ruleset_version, body, made_at,
    expires_at, receipt, taken
)
VALUES (
    $id, $state, $network, $shop, $till, $card, $customer, $wallet, $ruleset_version, '', $made_at,
    $expires_at, NULL, NULL
)
