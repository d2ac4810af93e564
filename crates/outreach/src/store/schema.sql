-- Service state. One file, one writer; times are milliseconds since 1970 UTC.

-- What people register, each as JSON under its kind and key.
CREATE TABLE IF NOT EXISTS entity (
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- The newest finding applied per machine. Findings of one machine come in the order of the log, so one mark per machine
-- tells every repetition, in bounded space.
CREATE TABLE IF NOT EXISTS mark (
    machine TEXT PRIMARY KEY,
    log_offset INTEGER NOT NULL,
    ordinal INTEGER NOT NULL
) WITHOUT ROWID;

-- One case per finding id.
CREATE TABLE IF NOT EXISTS advisory (
    id      TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    fault   TEXT NOT NULL,
    grade   TEXT NOT NULL,
    stage   TEXT NOT NULL,
    until   INTEGER,
    remark  TEXT,
    opened  INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    finding TEXT NOT NULL,
    context TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS advisory_machine ON advisory (machine, opened);
CREATE INDEX IF NOT EXISTS advisory_open ON advisory (stage) WHERE stage NOT IN ('done', 'cleared');

-- The outbox. A draft has no text of its own unless a person edited it; approval freezes the text.
CREATE TABLE IF NOT EXISTS message (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    advisory TEXT NOT NULL,
    machine  TEXT NOT NULL,
    customer TEXT NOT NULL,
    kind     TEXT NOT NULL,
    state    TEXT NOT NULL,
    subject  TEXT,
    body     TEXT,
    edited   INTEGER NOT NULL DEFAULT 0,
    urgent   INTEGER NOT NULL DEFAULT 0,
    due      INTEGER NOT NULL,
    reason   TEXT,
    channel  TEXT,
    medium   TEXT,
    address  TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    sent     INTEGER,
    expires  INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS message_due ON message (due) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS message_state ON message (state) WHERE state NOT IN ('sent', 'withdrawn');
CREATE INDEX IF NOT EXISTS message_advisory ON message (advisory);
CREATE INDEX IF NOT EXISTS message_machine_sent ON message (machine, sent) WHERE sent IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_customer_sent ON message (customer, sent) WHERE sent IS NOT NULL;

-- The times a message offers.
CREATE TABLE IF NOT EXISTS offer (
    message INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    end     INTEGER NOT NULL,
    idle    INTEGER NOT NULL,
    PRIMARY KEY (message, start)
) WITHOUT ROWID;

-- Visits. A half-day has as many lanes as technicians; the unique index makes double booking impossible, whoever races.
CREATE TABLE IF NOT EXISTS booking (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    advisory TEXT NOT NULL,
    machine  TEXT NOT NULL,
    customer TEXT NOT NULL,
    start    INTEGER NOT NULL,
    end      INTEGER NOT NULL,
    half_day TEXT NOT NULL,
    lane     INTEGER NOT NULL,
    technician TEXT,
    state    TEXT NOT NULL,
    sequence INTEGER NOT NULL DEFAULT 0,
    changed  INTEGER NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS booking_lane ON booking (half_day, lane) WHERE state = 'booked';
CREATE UNIQUE INDEX IF NOT EXISTS booking_case ON booking (advisory) WHERE state = 'booked';

CREATE TABLE IF NOT EXISTS opt_out (
    customer TEXT NOT NULL,
    medium   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (customer, medium)
) WITHOUT ROWID;

-- Silence a customer asked for, per machine.
CREATE TABLE IF NOT EXISTS not_now (
    machine TEXT PRIMARY KEY,
    until   INTEGER NOT NULL
) WITHOUT ROWID;

-- Who did what, when and why. `contact` marks what passed between us and the customer.
CREATE TABLE IF NOT EXISTS happening (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL,
    what     TEXT NOT NULL,
    why      TEXT NOT NULL,
    customer TEXT,
    machine  TEXT,
    advisory TEXT,
    contact  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS happening_advisory ON happening (advisory, id) WHERE advisory IS NOT NULL;
CREATE INDEX IF NOT EXISTS happening_contact ON happening (customer, id) WHERE contact = 1;
