SELECT id, state, network, shop, till, card, customer, wallet, ruleset_version, made_at, expires_at,
    receipt, taken
FROM quote WHERE id = $id
FOR UPDATE
