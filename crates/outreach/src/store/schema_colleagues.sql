-- Of an entry only two things ever change: words about people are struck out, and a colleague whose account was erased goes by an
-- alias, as who did something and as the account that a manager's word was for.
DROP TRIGGER happening_fixed;
CREATE TRIGGER happening_fixed BEFORE UPDATE ON happening
WHEN (NEW.why IS NOT OLD.why AND NEW.why IS NOT '(erased)'
      AND NOT (NEW.what IN ('manager_held', 'manager_told', 'manager_untold') AND NEW.why GLOB '*erased-????????'))
     OR (NEW.who IS NOT OLD.who AND NEW.who NOT GLOB 'erased-????????')
     OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.what IS NOT OLD.what OR NEW.customer IS NOT OLD.customer
     OR NEW.machine IS NOT OLD.machine OR NEW.advisory IS NOT OLD.advisory OR NEW.contact IS NOT OLD.contact
BEGIN
    SELECT RAISE(ABORT, 'the record is append-only');
END;
