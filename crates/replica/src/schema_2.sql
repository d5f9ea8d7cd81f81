-- operations of the user that have not ended well, in the order in which they were asked for
CREATE TABLE operation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    op TEXT NOT NULL UNIQUE,
    course TEXT NOT NULL,
    -- JSON of the outbox; one that does not read here is kept as it is
    body TEXT NOT NULL
) STRICT;
