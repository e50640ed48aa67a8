SELECT turn FROM index_turn FOR SHARE
