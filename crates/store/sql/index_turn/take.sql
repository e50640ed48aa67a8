UPDATE index_turn SET turn = turn + 1
