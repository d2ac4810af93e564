-- When a token stops being good; never where nothing stands, as for every token of before.
ALTER TABLE token ADD COLUMN expires INTEGER;
