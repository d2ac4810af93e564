-- Channels that will not take a message: it goes on to the customer's next one and not back.
CREATE TABLE refused_by (
    message INTEGER NOT NULL,
    channel TEXT NOT NULL,
    PRIMARY KEY (message, channel)
) WITHOUT ROWID;

-- The state of a visit that a message tells of: what the customer knows once it arrived.
CREATE TABLE telling (
    message  INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL,
    state    TEXT NOT NULL
);
