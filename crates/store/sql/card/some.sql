SELECT number, network, kind, state, wallet, customer, print_batch, shop, reason, replaced_by,
    expires_on, changed_at, version
FROM card WHERE number IN (VALUES ($number))
