-- Customers handed over from one advisor to another. It outlives every import of a register that still names the one before.
CREATE TABLE in_hands (
    customer TEXT PRIMARY KEY,
    was      TEXT NOT NULL,
    advisor  TEXT NOT NULL,
    at       INTEGER NOT NULL
);
