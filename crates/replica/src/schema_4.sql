-- client ids under which this computer has written to a document; those of local rows of the log are not here yet
CREATE TABLE writer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    doc INTEGER NOT NULL REFERENCES doc (id),
    client INTEGER NOT NULL,
    UNIQUE (doc, client)
) STRICT;

-- words of this computer's author that somebody else took away without having seen them
CREATE TABLE kept (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    doc INTEGER NOT NULL REFERENCES doc (id),
    at_ms INTEGER NOT NULL,
    -- client:clock of what went with them: once for each
    container TEXT NOT NULL,
    -- JSON of the blocks as they were
    blocks TEXT NOT NULL,
    -- JSON of the neighbours before and behind, the nearest first
    place TEXT NOT NULL,
    UNIQUE (doc, container)
) STRICT;
