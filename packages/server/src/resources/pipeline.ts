import type { JobIntegration } from '../jobs/job.ts';

/** One entry of a document's pipeline whose integration was found. */
export interface WantedEntry {
  readonly integrationId: number;
  readonly role: string;
  readonly enabled: boolean;
  readonly autoId: string | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * The pipeline of a job after a document asked for these entries. An entry is the same as one that is there if it has its `auto_id`, or,
 * without one, its integration and role; then what it does not say stays. Every entry gets an `auto_id`, which it keeps.
 * @param wanted no `auto_id` twice; undefined or empty (without `removeMissing`) leaves everything as it is.
 * @param removeMissing whether entries that are not named go; then the order is the document's, else new ones come last.
 */
export function planPipeline(
  current: readonly JobIntegration[],
  wanted: readonly WantedEntry[] | undefined,
  removeMissing: boolean,
): readonly JobIntegration[] {
  if (!wanted || (wanted.length === 0 && !removeMissing)) return current;
  const before = matches(current, wanted);
  const replaced = new Map<JobIntegration, JobIntegration>();
  const asked = wanted.map((entry): JobIntegration => {
    const old = before.get(entry);
    const settings = { ...old?.settings, ...entry.settings, ...(entry.autoId === undefined ? {} : { auto_id: entry.autoId }) };
    const after = { integrationId: entry.integrationId, role: entry.role, enabled: entry.enabled, settings };
    if (old) replaced.set(old, after);
    return after;
  });
  if (removeMissing) return numbered(asked);
  const old = new Set(replaced.values());
  return numbered([...current.map((entry) => replaced.get(entry) ?? entry), ...asked.filter((entry) => !old.has(entry))]);
}

/** Which entry that is there each wanted one is. Those with an `auto_id` come first: it says for certain. */
function matches(current: readonly JobIntegration[], wanted: readonly WantedEntry[]): Map<WantedEntry, JobIntegration> {
  const found = new Map<WantedEntry, JobIntegration>();
  const free = new Set(current);
  const match = (entry: WantedEntry, isSame: (candidate: JobIntegration) => boolean) => {
    const old = [...free].find(isSame);
    if (!old) return;
    free.delete(old);
    found.set(entry, old);
  };
  for (const entry of wanted) {
    if (entry.autoId !== undefined) match(entry, ({ settings }) => settings.auto_id === entry.autoId);
  }
  for (const entry of wanted) {
    const { integrationId, role, autoId } = entry;
    if (autoId === undefined) match(entry, (candidate) => candidate.integrationId === integrationId && candidate.role === role);
  }
  return found;
}

function numbered(entries: readonly JobIntegration[]): JobIntegration[] {
  const used = new Set(entries.map(({ settings }) => settings.auto_id));
  let next = 1;
  return entries.map((entry) => {
    if (typeof entry.settings.auto_id === 'string') return entry;
    while (used.has(String(next))) next++;
    const auto_id = String(next++);
    return { ...entry, settings: { auto_id, ...entry.settings } };
  });
}
