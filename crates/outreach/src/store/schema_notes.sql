-- Whether the note of a report is held back because its customer does not read the language that it is written in.
ALTER TABLE visit_report ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
CREATE INDEX visit_report_held ON visit_report (at) WHERE held = 1;
