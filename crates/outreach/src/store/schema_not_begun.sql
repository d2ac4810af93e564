-- Messages marked as on their way of which certainly nothing was handed over yet: the way out is still being reached. A message
-- on its way that does not stand here may have gone out.
CREATE TABLE not_begun (
    message INTEGER PRIMARY KEY
);
