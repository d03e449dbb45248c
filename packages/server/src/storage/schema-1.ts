/**
 * The first schema. Types are those that SQLite and PostgreSQL share: times are integer microseconds since 1970 (UTC), booleans 0 or 1,
 * documents JSON text. Class numbers are the `n` of `class_n`.
 */
export const SCHEMA_1 = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Who may come in --------------------------------------------------------------------------------------------------------------
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, role TEXT NOT NULL, password_hash TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, last_sign_in_at INTEGER, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE sessions (
  hash BLOB PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, csrf TEXT NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, address TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE sign_in_guesses (subject TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at INTEGER NOT NULL, next_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL CHECK (kind IN ('input', 'management')),
  prefix TEXT NOT NULL, last4 TEXT NOT NULL, hash BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL DEFAULT '[]', rights TEXT NOT NULL DEFAULT '[]',
  owner TEXT, created_at INTEGER NOT NULL, created_by TEXT NOT NULL, expires_at INTEGER, revoked_at INTEGER, last_used_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor_kind TEXT NOT NULL, actor_id TEXT NOT NULL, actor_name TEXT NOT NULL,
  origin TEXT NOT NULL, action TEXT NOT NULL, object_kind TEXT NOT NULL, object_id TEXT NOT NULL, job_id INTEGER,
  before TEXT, after TEXT, previous_hash TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_object ON audit (object_kind, object_id);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;

-- What is wired ----------------------------------------------------------------------------------------------------------------
CREATE TABLE integrations (
  id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, type TEXT NOT NULL, parameters TEXT NOT NULL,
  key_id INTEGER REFERENCES api_keys(id), created_at INTEGER NOT NULL, created_by TEXT NOT NULL, updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX integrations_key ON integrations (key_id);
CREATE TABLE jobs (
  id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE, description TEXT NOT NULL DEFAULT '', category TEXT NOT NULL,
  running INTEGER NOT NULL DEFAULT 0, settings TEXT NOT NULL DEFAULT '{}', points_version INTEGER NOT NULL DEFAULT 0,
  active_model_id INTEGER, shadow_model_id INTEGER, shadow_since INTEGER, train_state TEXT, train_message TEXT, train_started_at INTEGER, train_finished_at INTEGER,
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL, updated_at INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE job_counters (
  job_id INTEGER PRIMARY KEY REFERENCES jobs(id) ON DELETE CASCADE, events INTEGER NOT NULL DEFAULT 0, events_with_feedback INTEGER NOT NULL DEFAULT 0,
  last_event_at INTEGER, last_feedback_at INTEGER
) STRICT;
CREATE TABLE job_integrations (
  job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, position INTEGER NOT NULL,
  integration_id INTEGER NOT NULL, role TEXT NOT NULL, enabled INTEGER NOT NULL DEFAULT 1, settings TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (job_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_integrations_integration ON job_integrations (integration_id);
CREATE TABLE labels (
  job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, class_no INTEGER NOT NULL, name TEXT NOT NULL, hex_color TEXT NOT NULL,
  position INTEGER NOT NULL, retired INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (job_id, class_no)
) STRICT, WITHOUT ROWID;
CREATE TABLE point_versions (
  job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, version INTEGER NOT NULL, points TEXT NOT NULL, types TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL, created_by TEXT NOT NULL, PRIMARY KEY (job_id, version)
) STRICT, WITHOUT ROWID;

-- What comes in ----------------------------------------------------------------------------------------------------------------
CREATE TABLE buckets (
  id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, points_version INTEGER NOT NULL, key TEXT NOT NULL,
  point_values TEXT NOT NULL, events INTEGER NOT NULL, first_seen_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL,
  UNIQUE (job_id, points_version, key)
) STRICT;
-- One row for each version of each event. Rows of a version never change but for is_current, the bucket (another version of the
-- decision points) and the number of the current decision.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL, event_id TEXT NOT NULL, event_version INTEGER NOT NULL, is_current INTEGER NOT NULL DEFAULT 1,
  body_hash BLOB NOT NULL, duplicated INTEGER NOT NULL, title TEXT, severity REAL, data_source TEXT, storage_tag TEXT,
  ingested_at INTEGER NOT NULL, event_at INTEGER NOT NULL, key_id INTEGER, group_name TEXT,
  points_version INTEGER NOT NULL, bucket_id INTEGER, decision_id INTEGER, decided_at INTEGER, status TEXT NOT NULL, error TEXT
) STRICT;
CREATE UNIQUE INDEX events_identity ON events (job_id, event_id, event_version);
CREATE INDEX events_body ON events (body_hash, job_id);
CREATE INDEX events_bucket ON events (bucket_id);
CREATE INDEX events_job ON events (job_id, seq);
-- Apart from the rows, so that counting and walking events does not read the alerts themselves.
CREATE TABLE event_bodies (seq INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;

-- What the machine says --------------------------------------------------------------------------------------------------------
-- A model that is not complete is being written (or was, when the process ended); nobody reads it.
CREATE TABLE models (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, points_version INTEGER NOT NULL, points TEXT NOT NULL,
  classes TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, metrics TEXT NOT NULL, comparison TEXT, reference TEXT, set_aside TEXT NOT NULL DEFAULT '[]', units INTEGER NOT NULL, seed INTEGER NOT NULL,
  complete INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, created_by TEXT NOT NULL, activated_at INTEGER, message TEXT NOT NULL DEFAULT ''
) STRICT;
-- The bytes of a model in pieces, so that neither writing nor reading one holds anybody up.
CREATE TABLE model_parts (
  model_id INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (model_id, part)
) STRICT;
CREATE INDEX models_job ON models (job_id);
-- The knowledge base of a model: what each bucket ('b:' and its key) or event ('e:' and its number) was trained on.
CREATE TABLE model_units (
  model_id INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE, unit TEXT NOT NULL, class_no INTEGER NOT NULL, PRIMARY KEY (model_id, unit)
) STRICT, WITHOUT ROWID;
-- What a model was judged to do when somebody asked again: counts of consensus and decision.
CREATE TABLE model_metrics (
  model_id INTEGER PRIMARY KEY REFERENCES models(id) ON DELETE CASCADE, at INTEGER NOT NULL, pairs TEXT NOT NULL
) STRICT;
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL, model_id INTEGER NOT NULL, key TEXT NOT NULL, point_values TEXT NOT NULL, class_no INTEGER,
  probabilities TEXT NOT NULL, confidence REAL, outlier INTEGER NOT NULL, outlier_score REAL, similarity REAL, labelled INTEGER NOT NULL,
  made_at INTEGER NOT NULL, UNIQUE (model_id, key)
) STRICT;
CREATE INDEX decisions_job ON decisions (job_id);
-- Decisions that reprocessing replaced, oldest first.
CREATE TABLE past_decisions (
  id INTEGER PRIMARY KEY, event_seq INTEGER NOT NULL, decision_id INTEGER, decided_at INTEGER, replaced_at INTEGER NOT NULL, why TEXT NOT NULL
) STRICT;
CREATE INDEX past_decisions_event ON past_decisions (event_seq);
-- What a shadow model says of each event that came in while it ran.
CREATE TABLE shadow_decisions (
  model_id INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE, event_seq INTEGER NOT NULL, decision_id INTEGER NOT NULL,
  PRIMARY KEY (model_id, event_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX shadow_decisions_event ON shadow_decisions (event_seq);

-- What people say --------------------------------------------------------------------------------------------------------------
CREATE TABLE feedback (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL, event_seq INTEGER NOT NULL, event_id TEXT NOT NULL, event_version INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('vote', 'withdraw', 'overrule', 'lift')), class_no INTEGER, voter TEXT NOT NULL, voter_name TEXT NOT NULL,
  at INTEGER NOT NULL, through TEXT NOT NULL, asked TEXT NOT NULL, chance REAL, reason TEXT, closing_notes TEXT, indicators TEXT,
  decision_id INTEGER, counted INTEGER NOT NULL, key_id INTEGER
) STRICT;
CREATE INDEX feedback_event ON feedback (event_seq);
CREATE INDEX feedback_job ON feedback (job_id, id);
-- Votes of agents, which count when a person has confirmed them. 'replaced': the agent said something else since.
CREATE TABLE agent_votes (
  feedback_id INTEGER PRIMARY KEY REFERENCES feedback(id) ON DELETE CASCADE, job_id INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'declined', 'replaced')), settled_at INTEGER, settled_by TEXT
) STRICT;
CREATE INDEX agent_votes_job ON agent_votes (job_id, state, feedback_id);
-- Which events the labelling queue asked about, why, and with what chance: a vote that names its question carries these.
CREATE TABLE asks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  event_seq INTEGER NOT NULL, asked_of TEXT NOT NULL, reason TEXT NOT NULL, chance REAL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX asks_job ON asks (job_id, id);
CREATE INDEX asks_event ON asks (event_seq);
-- Derived from feedback: the vote of each voter that counts now, for each version of an event.
CREATE TABLE votes (
  event_seq INTEGER NOT NULL, voter TEXT NOT NULL, job_id INTEGER NOT NULL, bucket_id INTEGER, class_no INTEGER NOT NULL, feedback_id INTEGER NOT NULL,
  PRIMARY KEY (event_seq, voter)
) STRICT, WITHOUT ROWID;
CREATE INDEX votes_bucket ON votes (bucket_id, voter, feedback_id);
CREATE INDEX votes_job ON votes (job_id);
-- Derived: the last vote of each voter in each unit ('b' = bucket, 'e' = event on its own) and what they agree on.
CREATE TABLE unit_votes (
  unit_kind TEXT NOT NULL, unit_id INTEGER NOT NULL, voter TEXT NOT NULL, class_no INTEGER NOT NULL, feedback_id INTEGER NOT NULL,
  PRIMARY KEY (unit_kind, unit_id, voter)
) STRICT, WITHOUT ROWID;
CREATE TABLE consensus (
  unit_kind TEXT NOT NULL, unit_id INTEGER NOT NULL, job_id INTEGER NOT NULL, class_no INTEGER, tally TEXT NOT NULL, voters INTEGER NOT NULL,
  overrule_id INTEGER, last_feedback_id INTEGER NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (unit_kind, unit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX consensus_job ON consensus (job_id);

-- What agents noted on an event; shown to people, never counted. Goes with its event.
CREATE TABLE agent_notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL, event_seq INTEGER NOT NULL REFERENCES events(seq) ON DELETE CASCADE,
  note TEXT NOT NULL, saved_objects TEXT, workflow_name TEXT, workflow_id TEXT, session_id TEXT, created_at INTEGER NOT NULL, created_by TEXT NOT NULL
) STRICT;
CREATE INDEX agent_notes_event ON agent_notes (event_seq);

-- How far automation may go: one row for each wish of a lead under each model, and what was drawn at random for it ------------------
CREATE TABLE guards (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, model_id INTEGER NOT NULL, class_no INTEGER NOT NULL,
  max_error_rate REAL NOT NULL, wrong TEXT NOT NULL, state TEXT NOT NULL, taken INTEGER NOT NULL, opened_by TEXT NOT NULL, opened_at INTEGER NOT NULL,
  ended_at INTEGER, ended_by TEXT
) STRICT;
CREATE UNIQUE INDEX guards_live ON guards (job_id, class_no) WHERE ended_at IS NULL;
CREATE TABLE guard_audits (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, event_seq INTEGER NOT NULL UNIQUE, model_id INTEGER NOT NULL,
  class_no INTEGER NOT NULL, confidence REAL NOT NULL, excluded INTEGER NOT NULL, chance REAL NOT NULL, drawn_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
  answer_class_no INTEGER, answered_at INTEGER, answered_by TEXT
) STRICT;
CREATE INDEX guard_audits_model ON guard_audits (job_id, model_id, class_no);

-- Long work --------------------------------------------------------------------------------------------------------------------
CREATE TABLE tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER, kind TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  parameters TEXT NOT NULL DEFAULT '{}', cursor TEXT, share REAL NOT NULL DEFAULT 0, step TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
  cancel_requested INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, created_by TEXT NOT NULL, started_at INTEGER, finished_at INTEGER,
  lease_owner TEXT, lease_until INTEGER, crashes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX tasks_state ON tasks (state);
CREATE INDEX tasks_job ON tasks (job_id, kind);
`;
