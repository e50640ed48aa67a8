-- Those with a promise of their own that may count at a moment.
SELECT id, series, code_sha256, code_end, code, batch, customer, product, price, discount_bps,
    starts_at, ends_at, withdrawn_at, withdrawn_by, created_at, created_by, version
FROM coupon
WHERE customer = $customer AND product IS NOT NULL AND withdrawn_at IS NULL
  AND (ends_at IS NULL OR ends_at > $at)
ORDER BY id LIMIT $most
