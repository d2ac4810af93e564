-- Work of which the log is told, with the visit whose it is: when the log tells of it, it ends no other visit.
CREATE TABLE IF NOT EXISTS told_work (
    machine TEXT NOT NULL,
    ts      INTEGER NOT NULL,
    booking INTEGER NOT NULL,
    PRIMARY KEY (machine, ts)
) WITHOUT ROWID;
INSERT OR IGNORE INTO told_work (machine, ts, booking)
SELECT machine, min(ends, changed), id FROM booking WHERE state = 'done';
