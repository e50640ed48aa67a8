INSERT INTO coupon (
    id, series, code_sha256, code_end, code, batch, customer, product, price, discount_bps,
    starts_at, ends_at, created_at, created_by, version
)
VALUES (
    $id, $series, $code_sha256, $code_end, $code, $batch, $customer, $product, $price, $discount_bps,
    $starts_at, $ends_at, $at, $by, 1
)
ON CONFLICT (code_sha256) DO NOTHING
