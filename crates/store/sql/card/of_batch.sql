SELECT number, network, kind, state, wallet, customer, print_batch, shop, reason, replaced_by,
    expires_on, changed_at, version
FROM card WHERE print_batch = $print_batch AND number > $after ORDER BY number LIMIT $most
