-- Words about a visit that are its calendar file alone: what they would say was said on the telephone.
CREATE TABLE file_alone (
    message INTEGER PRIMARY KEY
);

-- The times that stood in a letter when it went out. The times on the customer's page move on from there.
CREATE TABLE offered (
    message INTEGER NOT NULL,
    begins  INTEGER NOT NULL,
    ends    INTEGER NOT NULL,
    PRIMARY KEY (message, begins)
) WITHOUT ROWID;

-- When the arrival was said or reckoned that a journey tells: the newest word counts.
ALTER TABLE journey ADD COLUMN eta_at INTEGER;
