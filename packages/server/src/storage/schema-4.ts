/** What people saved of the Event Explorer; a default goes with its view. */
export const SCHEMA_4 = `
CREATE TABLE views (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  owner_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, title TEXT NOT NULL, shared INTEGER NOT NULL, search TEXT NOT NULL,
  updated_at INTEGER NOT NULL, UNIQUE (job_id, owner_id, title)
) STRICT;
CREATE INDEX views_owner ON views (owner_id);
CREATE TABLE default_views (
  job_id INTEGER NOT NULL REFERENCES jobs(id) ON DELETE CASCADE, user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  view_id INTEGER NOT NULL REFERENCES views(id) ON DELETE CASCADE, PRIMARY KEY (job_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX default_views_view ON default_views (view_id);
`;
