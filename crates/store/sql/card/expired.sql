SELECT number, network, kind, state, wallet, customer, print_batch, shop, reason, replaced_by,
    expires_on, changed_at, version
FROM card
WHERE expires_on IS NOT NULL AND expires_on < $day
    AND state NOT IN ('expired', 'replaced', 'closed')
ORDER BY number LIMIT $most
