SELECT id, series, code_sha256, code_end, code, batch, customer, product, price, discount_bps,
    starts_at, ends_at, withdrawn_at, withdrawn_by, created_at, created_by, version
FROM coupon WHERE id = $id
