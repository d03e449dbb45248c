/**
 * Which events are not current any more, in the order in which that happened: whoever keeps something about events by their numbers (the search
 * index in its own file) reads on from where it was. The first of them may be removed once they have been taken in.
 */
export const SCHEMA_2 = `
CREATE TABLE gone_events (n INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL) STRICT;
CREATE TRIGGER events_replaced AFTER UPDATE OF is_current ON events WHEN NEW.is_current <> OLD.is_current
  BEGIN INSERT INTO gone_events (seq) VALUES (NEW.seq); END;
CREATE TRIGGER events_removed AFTER DELETE ON events
  BEGIN INSERT INTO gone_events (seq) VALUES (OLD.seq); END;
`;
