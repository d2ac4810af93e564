-- Where somebody is told that a customer complains, and in which language; nobody is told who has no address.
ALTER TABLE person ADD COLUMN email TEXT;
ALTER TABLE person ADD COLUMN language TEXT;
