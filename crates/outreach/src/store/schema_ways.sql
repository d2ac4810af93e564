-- What customers answered by SMS, chat or whatever brings replies in. The sender's own identity of a reply tells repetitions.
CREATE TABLE reply (
    source   TEXT NOT NULL,
    id       TEXT NOT NULL,
    at       INTEGER NOT NULL,
    heard    INTEGER NOT NULL,
    customer TEXT NOT NULL,
    medium   TEXT NOT NULL,
    advisory TEXT,
    PRIMARY KEY (source, id)
);

-- Links that an advisor took back. The message itself stays as it is.
CREATE TABLE revoked_link (
    message INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL
);

-- The newest alarm of each controller that was taken for a trip: the log may be read again.
CREATE TABLE tripped (
    machine TEXT PRIMARY KEY,
    at      INTEGER NOT NULL
) WITHOUT ROWID;

-- Who is told of what happens: how far each subscriber has come in the record, and how it goes.
CREATE TABLE hook (
    name         TEXT PRIMARY KEY,
    cursor       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    due          INTEGER NOT NULL DEFAULT 0,
    delivered    INTEGER NOT NULL DEFAULT 0,
    refused      INTEGER NOT NULL DEFAULT 0,
    last_ok      INTEGER,
    last_failure INTEGER,
    why          TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE INDEX message_medium ON message (medium, address) WHERE sent IS NOT NULL;
CREATE INDEX service_case_machine ON service_case (machine, id);
