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
 * @param wanted undefined or empty (without `removeMissing`) leaves everything as it is.
 * @param removeMissing whether entries that are not named go; then the order is the document's, else new ones come last.
 */
export function planPipeline(
  current: readonly JobIntegration[],
  wanted: readonly WantedEntry[] | undefined,
  removeMissing: boolean,
): readonly JobIntegration[] {
  if (!wanted || (wanted.length === 0 && !removeMissing)) return current;
  const taken = new Set<JobIntegration>();
  const replaced = new Map<JobIntegration, JobIntegration>();
  const asked = wanted.map((entry): JobIntegration => {
    const before = current.find((candidate) => !taken.has(candidate) && isSame(candidate, entry));
    const settings = {
      ...before?.settings,
      ...entry.settings,
      ...(entry.autoId === undefined ? {} : { auto_id: entry.autoId }),
    };
    const after = { integrationId: entry.integrationId, role: entry.role, enabled: entry.enabled, settings };
    if (before) {
      taken.add(before);
      replaced.set(before, after);
    }
    return after;
  });
  if (removeMissing) return numbered(asked);
  const old = new Set(replaced.values());
  return numbered([...current.map((entry) => replaced.get(entry) ?? entry), ...asked.filter((entry) => !old.has(entry))]);
}

function isSame(candidate: JobIntegration, entry: WantedEntry): boolean {
  if (entry.autoId !== undefined) return candidate.settings.auto_id === entry.autoId;
  return candidate.integrationId === entry.integrationId && candidate.role === entry.role;
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
