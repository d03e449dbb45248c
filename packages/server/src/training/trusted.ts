import { distrustedSources, type PointType, type TrainingRow } from '@verdict/engine';
import type { SetAside } from './training.ts';
import type { RowSource, TrainedUnit, TrainingSource, UnitVote } from './training-store.ts';

/** What people have said, as a training reads it. */
export interface Feedback {
  readonly rows: readonly TrainingRow[];
  readonly units: readonly TrainedUnit[];
  readonly sources: readonly RowSource[];
}

/**
 * Leaves out the votes of people and keys that contradict what others say of like alerts, and the rows that have no others. A lead's overrule
 * stands whoever had voted. Where what is left would be of one label only, everything is kept: then there is too little to tell who is right.
 */
export function trusted(
  feedback: Feedback,
  votes: readonly UnitVote[],
  source: TrainingSource,
  pointTypes: Readonly<Record<string, PointType>>,
): Feedback & { readonly setAside: readonly SetAside[] } {
  const names = new Map<string, string>();
  const byUnit = new Map<number, { readonly choice: number; readonly sources: readonly string[] }[]>();
  for (const { id, voter, name, keyId, classNo } of votes) {
    if (!source.classNos.includes(classNo)) continue;
    const sources = [`voter ${voter}`, ...(keyId === null ? [] : [`key ${keyId}`])];
    names.set(sources[0]!, name);
    const known = byUnit.get(id);
    if (known) known.push({ choice: classNo, sources });
    else byUnit.set(id, [{ choice: classNo, sources }]);
  }
  const units = feedback.rows.flatMap((row, index) => {
    const of = byUnit.get(feedback.sources[index]!.id);
    return of ? [{ key: row.key, values: row.values, ...(row.group === undefined ? {} : { group: row.group }), votes: of }] : [];
  });
  const distrusted = distrustedSources(source.points, pointTypes, units);
  if (distrusted.length === 0) return { ...feedback, setAside: [] };
  const out = new Set(distrusted.map((one) => one.source));
  const kept: { row: TrainingRow; source: RowSource }[] = [];
  feedback.rows.forEach((row, index) => {
    const of = byUnit.get(feedback.sources[index]!.id);
    if (!of?.some((vote) => vote.sources.some((name) => out.has(name)))) {
      kept.push({ row, source: feedback.sources[index]! });
      return;
    }
    const left = of.filter((vote) => !vote.sources.some((name) => out.has(name)));
    if (left.length === 0) return;
    const tally = source.classNos.map((classNo) => left.filter((vote) => vote.choice === classNo).length);
    kept.push({ row: { ...row, votes: tally }, source: feedback.sources[index]! });
  });
  const voted = source.classNos.filter((_, c) => kept.some(({ row }) => row.votes[c]! > 0));
  if (voted.length < 2) return { ...feedback, setAside: [] };
  const still = new Set(kept.map((one) => one.source.unit));
  return {
    rows: kept.map(({ row }) => row),
    sources: kept.map((one) => one.source),
    units: feedback.units.filter(([unit]) => still.has(unit)),
    setAside: distrusted.map((one) => ({
      name: names.get(one.source) ?? one.source,
      votes: one.votes,
      agreed: one.agreed,
      expected: one.expected,
    })),
  };
}
