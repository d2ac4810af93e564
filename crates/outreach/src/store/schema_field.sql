-- A technician on the way to a booked visit. Where that person is stays only until somebody has arrived.
CREATE TABLE journey (
    booking   INTEGER PRIMARY KEY,
    set_out   INTEGER NOT NULL,
    eta       INTEGER,
    eta_told  INTEGER NOT NULL DEFAULT 0,
    north_deg DOUBLE PRECISION,
    east_deg  DOUBLE PRECISION,
    located   INTEGER,
    begun_km  DOUBLE PRECISION,
    arrived   INTEGER
);
CREATE INDEX journey_under_way ON journey (set_out) WHERE arrived IS NULL;
CREATE INDEX booking_machine ON booking (machine, begins);
CREATE INDEX booking_begins ON booking (begins);

-- What customers chose on their own page, as JSON. It outlives every import of the register.
CREATE TABLE wishes (
    customer TEXT PRIMARY KEY,
    at       INTEGER NOT NULL,
    body     TEXT NOT NULL
);

-- Something was erased and the file not written anew since.
CREATE TABLE compaction_due (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL
);

-- Cases whose personal words were struck out because they are long over.
CREATE TABLE forgotten (
    advisory TEXT PRIMARY KEY,
    at       INTEGER NOT NULL
);
