UPDATE number_range SET next_index = $next_index, version = version + 1 WHERE id = $id
