/** Learning curves that somebody asked for; each goes with its model. */
export const SCHEMA_5 = `
CREATE TABLE learning_curves (
  model_id INTEGER PRIMARY KEY REFERENCES models(id) ON DELETE CASCADE, curve TEXT NOT NULL, made_at INTEGER NOT NULL, made_by TEXT NOT NULL
) STRICT;
`;
