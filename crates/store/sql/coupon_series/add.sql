INSERT INTO coupon_series (
    id, kind, name_en, name_ru, starts_at, ends_at, uses_max, customer_uses_max,
    created_at, created_by, version
)
VALUES (
    $id, $kind, $name_en, $name_ru, $starts_at, $ends_at, $uses_max, $customer_uses_max,
    $at, $by, 1
)
ON CONFLICT (id) DO NOTHING
