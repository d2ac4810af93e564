-- Managers who are told that a customer complains: one row for each change of the stage and each of them.
CREATE TABLE manager_word (
    id       INTEGER PRIMARY KEY,
    change   INTEGER NOT NULL,
    login    TEXT NOT NULL,
    due      INTEGER NOT NULL,
    state    TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    UNIQUE (change, login)
);
CREATE INDEX manager_word_due ON manager_word (due) WHERE state = 'queued';
