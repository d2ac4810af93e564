-- What the customer was told of a case, as JSON: the cause that was named, and since when. What was said first stays said.
ALTER TABLE advisory ADD COLUMN told TEXT;
-- Faults of other cases of the machine that may be about the same and go with this one, separated by blanks.
ALTER TABLE advisory ADD COLUMN rivals TEXT;
DROP TRIGGER IF EXISTS advisory_changed;
CREATE TRIGGER advisory_changed
AFTER UPDATE OF grade, stage, until, remark, goes_with, matter, told, rivals, finding, context, companions ON advisory
BEGIN
    UPDATE advisory SET seq = (SELECT max(seq) + 1 FROM advisory) WHERE id = NEW.id;
END;
