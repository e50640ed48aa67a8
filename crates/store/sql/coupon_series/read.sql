SELECT id, kind, name_en, name_ru, starts_at, ends_at, uses_max, customer_uses_max,
    withdrawn_at, withdrawn_by, created_at, created_by, version
FROM coupon_series WHERE id = $id
