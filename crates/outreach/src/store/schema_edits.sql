-- What a text that a person wrote claims, as JSON: it goes out only while that is still so.
ALTER TABLE message ADD COLUMN claims TEXT;
