DELETE FROM index_key WHERE NOT in_use
