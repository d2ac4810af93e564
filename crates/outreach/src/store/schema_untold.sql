-- Visits of whose work the log is still to be told, and when: until then their report can be taken back whole.
CREATE TABLE IF NOT EXISTS untold_work (
    booking INTEGER PRIMARY KEY,
    due     INTEGER NOT NULL
) WITHOUT ROWID;

-- What passed between us about a visit to several machines is read under each of them.
CREATE INDEX IF NOT EXISTS alongside_advisory ON alongside (advisory);
