-- A case has one letter that has not gone out: whoever looked while one was on its way could draft another beside it. Such a
-- draft, which nobody approved or edited, says nothing that anybody needs.
DELETE FROM offer WHERE message IN
    (SELECT stray.id FROM message AS stray JOIN advisory ON advisory.id = stray.advisory
     WHERE stray.state = 'draft' AND stray.kind IN ('invitation', 'reminder') AND stray.edited = 0
           AND stray.address IS NULL AND advisory.stage NOT IN ('draft', 'postponed')
           AND EXISTS (SELECT 1 FROM message AS sent WHERE sent.advisory = stray.advisory AND sent.id < stray.id
                       AND sent.kind IN ('invitation', 'reminder') AND sent.state IN ('queued', 'sending', 'sent', 'unknown')));
DELETE FROM message WHERE id IN
    (SELECT stray.id FROM message AS stray JOIN advisory ON advisory.id = stray.advisory
     WHERE stray.state = 'draft' AND stray.kind IN ('invitation', 'reminder') AND stray.edited = 0
           AND stray.address IS NULL AND advisory.stage NOT IN ('draft', 'postponed')
           AND EXISTS (SELECT 1 FROM message AS sent WHERE sent.advisory = stray.advisory AND sent.id < stray.id
                       AND sent.kind IN ('invitation', 'reminder') AND sent.state IN ('queued', 'sending', 'sent', 'unknown')));
-- Whatever else was left beside a newer one is taken back.
UPDATE message SET state = 'withdrawn', reason = 'another letter of the case took its place'
WHERE state IN ('draft', 'queued') AND kind IN ('invitation', 'reminder') AND EXISTS
    (SELECT 1 FROM message AS other WHERE other.advisory = message.advisory AND other.id <> message.id
     AND other.kind IN ('invitation', 'reminder')
     AND (other.state = 'sending' OR other.state IN ('draft', 'queued') AND other.id > message.id));
CREATE UNIQUE INDEX message_unsent ON message (advisory)
    WHERE kind IN ('invitation', 'reminder') AND state IN ('draft', 'queued', 'sending');
