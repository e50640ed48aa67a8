-- Beside 0001_ledger: on SQLite the sequence of rows is that of commits, here writers tell it.
CREATE INDEX change_by_writer ON change (writer, id);
