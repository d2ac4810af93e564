-- What cases on other machines of a site add to a case's letter and visit, as JSON; nothing for most.
ALTER TABLE advisory ADD COLUMN companions TEXT;
DROP TRIGGER IF EXISTS advisory_changed;
CREATE TRIGGER advisory_changed AFTER UPDATE OF grade, stage, until, remark, finding, context, companions ON advisory
BEGIN
    UPDATE advisory SET seq = (SELECT max(seq) + 1 FROM advisory) WHERE id = NEW.id;
END;

-- Machines of which a case's letter spoke, or to which its visit goes, beside its own.
CREATE TABLE alongside (
    machine  TEXT NOT NULL,
    advisory TEXT NOT NULL,
    PRIMARY KEY (machine, advisory)
) WITHOUT ROWID;
