INSERT INTO card (
    number, network, kind, state, wallet, customer, print_batch, shop, reason, replaced_by,
    expires_on, changed_at, version
)
VALUES (
    $number, $network, $kind, $state, $wallet, $customer, $print_batch, $shop, $reason,
    $replaced_by, $expires_on, $changed_at, 1
)
ON CONFLICT (number) DO NOTHING
