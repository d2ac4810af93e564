-- What used to be read off the beginning of a remark stands in columns of its own; a remark is for people to read.
-- With which case one goes that does not speak for itself; `next visit` for what waits for whatever visit comes.
ALTER TABLE advisory ADD COLUMN goes_with TEXT;
-- What a case asks of the advisor beside what its stage says.
ALTER TABLE advisory ADD COLUMN matter TEXT;

UPDATE advisory SET goes_with = 'next visit', remark = NULL
WHERE stage = 'internal' AND remark = 'goes with the next visit';
UPDATE advisory SET goes_with = substr(remark, 11), remark = NULL
WHERE stage = 'internal' AND substr(remark, 1, 10) = 'goes with ';
UPDATE advisory SET matter = CASE
    WHEN remark LIKE 'the customer replied after the visit%' THEN 'reply_after'
    WHEN remark LIKE 'the customer is not happy after the visit%' THEN 'unhappy_after'
    WHEN remark LIKE 'the customer replied%' THEN 'reply'
    WHEN remark LIKE 'the customer wishes another time%' THEN 'other_time'
    WHEN remark LIKE 'the message could not be delivered%' THEN 'undelivered'
    WHEN remark LIKE 'the customer was not told in writing that the visit was moved%' THEN 'move_untold'
END WHERE remark LIKE 'the %';
-- What the customer wishes are the words alone.
UPDATE advisory SET remark = nullif(ltrim(substr(remark, 33), ': '), '') WHERE matter = 'other_time';

DROP TRIGGER IF EXISTS advisory_changed;
CREATE TRIGGER advisory_changed
AFTER UPDATE OF grade, stage, until, remark, goes_with, matter, finding, context, companions ON advisory
BEGIN
    UPDATE advisory SET seq = (SELECT max(seq) + 1 FROM advisory) WHERE id = NEW.id;
END;
