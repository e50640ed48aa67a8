SELECT id, number_range, from_index, cards, shop, created_at FROM print_batch WHERE id = $id
