UPDATE card
SET state = $state, wallet = $wallet, customer = $customer, shop = $shop, reason = $reason,
    replaced_by = $replaced_by, expires_on = $expires_on, changed_at = $changed_at,
    version = version + 1
WHERE number = $number
