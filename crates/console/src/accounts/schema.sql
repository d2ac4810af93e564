CREATE TABLE person (
    login TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL,
    -- argon2id in PHC form; none until a one-time link was used.
    password TEXT,
    disabled INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, seen INTEGER
) STRICT;
-- Secrets are kept as SHA-256 only: who reads this file can sign in as nobody.
CREATE TABLE session (
    hash BLOB PRIMARY KEY, login TEXT NOT NULL, created INTEGER NOT NULL, seen INTEGER NOT NULL,
    address TEXT NOT NULL, agent TEXT NOT NULL
) STRICT;
CREATE INDEX session_login ON session (login);
CREATE TABLE link (hash BLOB PRIMARY KEY, login TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE TABLE token (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, made_by TEXT NOT NULL,
    created INTEGER NOT NULL, used INTEGER, revoked INTEGER
) STRICT;
CREATE TABLE act (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, login TEXT NOT NULL, what TEXT NOT NULL, who TEXT NOT NULL,
    address TEXT NOT NULL
) STRICT;
