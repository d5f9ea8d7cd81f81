-- when a row was written, in milliseconds since the Unix epoch; not known of rows from before
ALTER TABLE log ADD COLUMN at_ms INTEGER;
-- of the local rows that were not acked when they went into the snapshot: their bytes, and when the oldest was written
ALTER TABLE doc ADD COLUMN folded_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE doc ADD COLUMN folded_since_ms INTEGER;
