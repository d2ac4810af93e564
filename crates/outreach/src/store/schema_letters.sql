-- One or two sentences of a message, for channels on which a whole letter does not fit.
ALTER TABLE message ADD COLUMN short TEXT;

-- What a customer was last told of the visit of a case: whoever moves it twice before word of the first move went out hears
-- of the last only, and what nobody was told of needs no cancelling.
CREATE TABLE visit_told (
    advisory TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    state    TEXT NOT NULL
) WITHOUT ROWID;

-- What a job achieved (a finding as JSON): the newest of each machine and work.
CREATE TABLE effect (
    machine TEXT NOT NULL,
    work    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    finding TEXT NOT NULL,
    PRIMARY KEY (machine, work)
) WITHOUT ROWID;

-- Templates edited in the console, every version; the newest of a name counts, and one without a source takes edits back.
CREATE TABLE template (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    name   TEXT NOT NULL,
    source TEXT,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL,
    why    TEXT NOT NULL
);
CREATE INDEX template_name ON template (name, id);
