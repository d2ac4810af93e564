-- Every change of a row gives it the next number of its table, so that whoever keeps a view of service state reads what is new
-- to it and no more. Whoever writes need not think of it. Rows of these tables are changed, never deleted.
ALTER TABLE entity ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE advisory ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE booking ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entity_seq ON entity (seq);
CREATE INDEX advisory_seq ON advisory (seq);
CREATE INDEX booking_seq ON booking (seq);

CREATE TRIGGER entity_new AFTER INSERT ON entity
BEGIN
    UPDATE entity SET seq = (SELECT max(seq) + 1 FROM entity) WHERE kind = NEW.kind AND id = NEW.id;
END;
CREATE TRIGGER entity_changed AFTER UPDATE OF body ON entity
BEGIN
    UPDATE entity SET seq = (SELECT max(seq) + 1 FROM entity) WHERE kind = NEW.kind AND id = NEW.id;
END;
CREATE TRIGGER advisory_new AFTER INSERT ON advisory
BEGIN
    UPDATE advisory SET seq = (SELECT max(seq) + 1 FROM advisory) WHERE id = NEW.id;
END;
CREATE TRIGGER advisory_changed AFTER UPDATE OF grade, stage, until, remark, finding, context ON advisory
BEGIN
    UPDATE advisory SET seq = (SELECT max(seq) + 1 FROM advisory) WHERE id = NEW.id;
END;
CREATE TRIGGER booking_new AFTER INSERT ON booking
BEGIN
    UPDATE booking SET seq = (SELECT max(seq) + 1 FROM booking) WHERE id = NEW.id;
END;
CREATE TRIGGER booking_changed AFTER UPDATE OF begins, ends, technician, state ON booking
BEGIN
    UPDATE booking SET seq = (SELECT max(seq) + 1 FROM booking) WHERE id = NEW.id;
END;

-- Counts for the metrics must not read every case and every letter of years.
CREATE INDEX advisory_stage ON advisory (stage);
CREATE INDEX message_count ON message (state);
-- The calendar shows what is offered and not answered.
CREATE INDEX offer_begins ON offer (begins);
-- The newest closed cases.
CREATE INDEX service_case_closed ON service_case (closed, id) WHERE closed IS NOT NULL;
