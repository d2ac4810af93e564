-- Version 2. `start` and `end` are words of SQL itself in other databases.
ALTER TABLE offer RENAME COLUMN start TO begins;
ALTER TABLE offer RENAME COLUMN "end" TO ends;
ALTER TABLE booking RENAME COLUMN start TO begins;
ALTER TABLE booking RENAME COLUMN "end" TO ends;

-- A visit is made by a crew: a technician, or a nameless one where none is registered. `uid` is the first booking of its
-- case, so that calendars see one event however often it is cancelled and booked again.
DROP INDEX booking_lane;
ALTER TABLE booking ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE booking ADD COLUMN crew TEXT NOT NULL DEFAULT '';
ALTER TABLE booking ADD COLUMN uid INTEGER NOT NULL DEFAULT 0;
UPDATE booking SET site = substr(machine, 1, instr(machine, '/') - 1), crew = coalesce(technician, '#' || lane),
                   uid = (SELECT min(first.id) FROM booking AS first WHERE first.advisory = booking.advisory);
ALTER TABLE booking DROP COLUMN lane;
ALTER TABLE booking DROP COLUMN half_day;
CREATE INDEX booking_ends ON booking (ends);
CREATE INDEX booking_advisory ON booking (advisory);

-- Every quarter of an hour that a crew has promised. The key makes double booking impossible, whoever races.
CREATE TABLE crew_time (
    crew    TEXT NOT NULL,
    quarter INTEGER NOT NULL,
    booking INTEGER NOT NULL,
    PRIMARY KEY (crew, quarter)
) WITHOUT ROWID;
CREATE INDEX crew_time_booking ON crew_time (booking);

-- Why the governor holds a message, as JSON; until when is `due`.
ALTER TABLE message ADD COLUMN held TEXT;
-- When the customer asked for the silence.
ALTER TABLE not_now ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

-- What was done at a visit, as JSON: parts, times, checklist.
CREATE TABLE visit_report (
    booking INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT NOT NULL,
    body    TEXT NOT NULL
);

-- How content a customer is, every change of it. `stage` is empty when the dissatisfaction is over.
CREATE TABLE stage_change (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    customer TEXT NOT NULL,
    at       INTEGER NOT NULL,
    stage    TEXT NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL
);
CREATE INDEX stage_change_customer ON stage_change (customer, id);

-- Reactive service: something did break. `body` is the whole case as JSON.
CREATE TABLE service_case (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    machine  TEXT NOT NULL,
    customer TEXT,
    opened   INTEGER NOT NULL,
    closed   INTEGER,
    body     TEXT NOT NULL
);
CREATE UNIQUE INDEX service_case_open ON service_case (machine) WHERE closed IS NULL;

-- What the technician found: the label of a forecast. The newest of an advisory counts.
CREATE TABLE verdict (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    advisory TEXT NOT NULL,
    machine  TEXT NOT NULL,
    fault    TEXT NOT NULL,
    found    TEXT NOT NULL,
    instead  TEXT,
    note     TEXT NOT NULL,
    at       INTEGER NOT NULL,
    who      TEXT NOT NULL
);
CREATE INDEX verdict_advisory ON verdict (advisory, id);

-- Pictures, by reference: the bytes lie elsewhere.
CREATE TABLE photo (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    reference TEXT NOT NULL,
    caption   TEXT NOT NULL,
    at        INTEGER NOT NULL,
    who       TEXT NOT NULL
);
CREATE INDEX photo_subject ON photo (kind, subject, id);

-- Parts on the shelf.
CREATE TABLE stock (
    depot TEXT NOT NULL,
    part  TEXT NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (depot, part)
) WITHOUT ROWID;

-- What outreach has seen of the clock, one row, as JSON.
CREATE TABLE clock (
    id   INTEGER PRIMARY KEY,
    body TEXT NOT NULL
);

-- The record is append-only. Only personal words may be struck out, and then it says so.
CREATE TRIGGER happening_stays BEFORE DELETE ON happening
BEGIN
    SELECT RAISE(ABORT, 'the record is append-only');
END;
CREATE TRIGGER happening_fixed BEFORE UPDATE ON happening
WHEN NEW.why IS NOT '(erased)' OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.who IS NOT OLD.who
     OR NEW.what IS NOT OLD.what OR NEW.customer IS NOT OLD.customer OR NEW.machine IS NOT OLD.machine
     OR NEW.advisory IS NOT OLD.advisory OR NEW.contact IS NOT OLD.contact
BEGIN
    SELECT RAISE(ABORT, 'the record is append-only');
END;
CREATE INDEX happening_customer ON happening (customer, id) WHERE customer IS NOT NULL;
CREATE INDEX happening_machine ON happening (machine, id) WHERE machine IS NOT NULL;
