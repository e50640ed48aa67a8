-- SQLite has one writer: nothing is to be locked.
SELECT 1
