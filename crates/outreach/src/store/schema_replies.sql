-- What customers wrote outside of any case, until an advisor has read it.
CREATE TABLE loose_reply (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    customer TEXT NOT NULL,
    machine  TEXT,
    medium   TEXT NOT NULL,
    text     TEXT NOT NULL,
    at       INTEGER NOT NULL
);
CREATE INDEX loose_reply_customer ON loose_reply (customer);
