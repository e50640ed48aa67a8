SELECT turn FROM index_turn
