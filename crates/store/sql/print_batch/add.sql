INSERT INTO print_batch (id, number_range, from_index, cards, shop, created_at)
VALUES ($id, $number_range, $from_index, $cards, $shop, $at)
ON CONFLICT (id) DO NOTHING
