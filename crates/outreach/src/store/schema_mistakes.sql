-- From which hours a work had counted before a visit's report set it anew, in case that report is taken back.
CREATE TABLE counted (
    booking INTEGER NOT NULL,
    machine TEXT NOT NULL,
    work    TEXT NOT NULL,
    hours   DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (booking, machine, work)
);
