CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE course (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    shared INTEGER NOT NULL DEFAULT 0,
    role TEXT,
    owners TEXT NOT NULL DEFAULT '[]',
    -- head of the server's events up to which everything is here or marked below
    course_seq INTEGER NOT NULL DEFAULT 0,
    registered_title TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE doc (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    course TEXT NOT NULL REFERENCES course (id),
    -- newest row of the log; never goes back, also when the log is compacted or rebuilt
    version INTEGER NOT NULL DEFAULT 0,
    -- local rows up to here are on the server
    acked INTEGER NOT NULL DEFAULT 0,
    -- local rows that were not acked when they went into the snapshot
    folded INTEGER NOT NULL DEFAULT 0,
    -- the server is to be offered everything (new epoch), whatever was acked
    offer INTEGER NOT NULL DEFAULT 0,
    -- behind while mark > caught_up
    mark INTEGER NOT NULL DEFAULT 0,
    caught_up INTEGER NOT NULL DEFAULT 0,
    subscribed INTEGER NOT NULL DEFAULT 0,
    registered INTEGER NOT NULL DEFAULT 0,
    doc_seq INTEGER NOT NULL DEFAULT 0,
    -- reason (JSON) of a refusal: receive, do not send
    rejected TEXT
) STRICT;
CREATE INDEX doc_course ON doc (course);

CREATE TABLE log (
    doc INTEGER NOT NULL REFERENCES doc (id),
    version INTEGER NOT NULL,
    local INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (doc, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    doc INTEGER PRIMARY KEY REFERENCES doc (id),
    -- holds every row of the log up to here
    version INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE rejected (
    id INTEGER PRIMARY KEY,
    doc INTEGER NOT NULL REFERENCES doc (id),
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    -- the unacked part when it was refused
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE asset (
    course TEXT NOT NULL REFERENCES course (id),
    hash TEXT NOT NULL,
    mime TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    name TEXT NOT NULL,
    here INTEGER NOT NULL,
    uploaded INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (course, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE lesson_asset (
    doc INTEGER NOT NULL REFERENCES doc (id),
    hash TEXT NOT NULL,
    PRIMARY KEY (doc, hash)
) STRICT, WITHOUT ROWID;
