/** Code steps: what customers wrote to run on each event before the decision, and what it made of the alerts. */
export const SCHEMA_3 = `
-- Events that wait for their code steps.
CREATE INDEX events_pending ON events (job_id, seq) WHERE status = 'pending_inference';
-- What code steps made of an alert, beside it.
CREATE TABLE enriched_bodies (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
-- What is decided by and searched: the enriched record where there is one, else the alert as it came.
CREATE VIEW event_records (seq, body) AS
  SELECT b.seq, coalesce(r.body, b.body) FROM event_bodies b LEFT JOIN enriched_bodies r ON r.seq = b.seq;

-- Code that customers wrote to run on each event before the decision; every version is kept, variables are sealed.
CREATE TABLE code_steps (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, title TEXT NOT NULL, description TEXT NOT NULL,
  position INTEGER NOT NULL, enabled INTEGER NOT NULL DEFAULT 1, version INTEGER NOT NULL, UNIQUE (job_id, title)
) STRICT;
CREATE TABLE code_step_versions (
  step_id INTEGER NOT NULL REFERENCES code_steps(id) ON DELETE CASCADE, version INTEGER NOT NULL, source TEXT NOT NULL, variables TEXT NOT NULL,
  cpu_seconds REAL NOT NULL, memory_mb INTEGER NOT NULL, saved_at INTEGER NOT NULL, saved_by TEXT NOT NULL, PRIMARY KEY (step_id, version)
) STRICT;
`;
