UPDATE coupon_series SET withdrawn_at = $at, withdrawn_by = $by, version = version + 1
WHERE id = $id AND withdrawn_at IS NULL
