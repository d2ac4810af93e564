-- What changed for whoever makes a visit: told on the page of the day, and by a channel where there is an address.
CREATE TABLE crew_word (
    id         INTEGER PRIMARY KEY,
    technician TEXT NOT NULL,
    booking    INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    what       TEXT NOT NULL,
    was_from   INTEGER,
    was_to     INTEGER,
    is_from    INTEGER,
    is_to      INTEGER,
    state      TEXT NOT NULL,
    attempts   INTEGER NOT NULL
);
CREATE INDEX crew_word_at ON crew_word (at);
CREATE INDEX crew_word_due ON crew_word (due) WHERE state = 'queued';
