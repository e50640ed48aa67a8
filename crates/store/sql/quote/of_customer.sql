SELECT id, state, network, shop, till, card, customer, wallet, ruleset_version, made_at, expires_at,
    receipt, taken
FROM quote WHERE customer = $customer AND customer IS NOT NULL
ORDER BY id
LIMIT $most
