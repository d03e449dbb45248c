import {
  computeMetrics,
  type ModelMetrics,
  type PairedTest,
  pairedTest,
  splitByTimeAndGroup,
  type TrainingRow,
} from '@verdict/engine';

/**
 * Champion and challenger. A new model is judged against the active one on units that neither of them learned from, and that people first
 * labelled after the active one was made: the active model is taken as it is, the new one is trained once more without those units. So
 * what is compared is the active model as it stands with what the same training makes of today's feedback less the hold-out; the model that
 * is kept has seen the hold-out too, so it is at least as well informed as the one that was judged.
 *
 * Limits: without units labelled since the active model there is nothing to judge by, and the new one takes over; feedback that was changed on
 * units of the old knowledge base is judged only by what it does to the new ones; wrong labels among the hold-out itself are taken as true.
 */

/** What one model says of a held-out unit. */
export interface Opinion {
  /** null = no decision: none of the model's decision points is there. */
  readonly classNo: number | null;
  /** By class number. */
  readonly probabilities: ReadonlyMap<number, number>;
}

/** A held-out unit with what people and both models say. */
export interface HeldOutUnit {
  /** `b:` and a bucket's key, or `e:` and an event's number. */
  readonly unit: string;
  /** Units of one cluster are one piece of evidence. */
  readonly cluster: string;
  readonly classNo: number;
  readonly champion: Opinion;
  readonly challenger: Opinion;
  /** An event of the unit to look at. */
  readonly eventId: string | null;
}

/** A unit that people would have escalated and a model decided otherwise. */
export interface MissedEscalation {
  readonly unit: string;
  readonly eventId: string | null;
  readonly classNo: number;
  readonly championSays: number | null;
  readonly challengerSays: number | null;
}

/** What the comparison found; kept with the challenger. */
export interface Comparison {
  /** The model it was compared with. */
  readonly championId: number;
  /** Held-out units; 0 = there was nothing to compare on. */
  readonly heldOut: number;
  /** Pieces of evidence: units that share no group. */
  readonly clusters: number;
  /** Microseconds of the oldest newest vote on a held-out unit; null without any. */
  readonly since: number | null;
  /** Whether the challenger is worse, so that it does not take over. */
  readonly worse: boolean;
  /** The finding in words. */
  readonly sentence: string;
  readonly champion: ModelMetrics | null;
  readonly challenger: ModelMetrics | null;
  readonly logLoss: PairedTest | null;
  readonly missed: { readonly champion: number; readonly challenger: number; readonly test: PairedTest } | null;
  /** Those the challenger misses first, dropped ones before others; at most 100. */
  readonly missedEscalations: readonly MissedEscalation[];
}

/** Share of all units that is held out at most, and units that are held out if there are as many new ones. */
const MOST = 0.2;
const ENOUGH = 10;
/** Chance that a challenger which is as good is called worse, for each of the two tests. */
const LEVEL = 0.05;
/** Floor of a probability in the log-loss, as in `computeMetrics`. */
const FLOOR = 1e-3;
const LISTED = 100;

/** What decides whether a row can be held out. */
export interface HoldOutRow extends Pick<TrainingRow, 'key' | 'group' | 'time'> {
  /** Microseconds when somebody first said something of it. */
  readonly firstSaid: number;
}

/**
 * Positions of the rows to compare on: first labelled after the champion was made, in no group that it learned from; the newest
 * of them, whole groups, at most a fifth of all rows and half of the new ones (ten where there are so many: with fewer than five nothing can
 * be tested). Empty where there are none.
 * @param championAt microseconds when the champion was made.
 */
export function chooseHoldOut(rows: readonly HoldOutRow[], championAt: number): number[] {
  const known = new Set<string>();
  for (const row of rows) if (row.group !== undefined && row.firstSaid <= championAt) known.add(row.group);
  const fresh = rows.flatMap((row, index) =>
    row.firstSaid > championAt && !(row.group !== undefined && known.has(row.group)) ? [index] : [],
  );
  if (fresh.length === 0) return [];
  const wanted = Math.max(Math.min(fresh.length, ENOUGH), Math.min(Math.floor(MOST * rows.length), fresh.length >> 1));
  // Everything may be held out here: what stays to learn from is the older part of the knowledge base.
  const { test } =
    wanted >= fresh.length
      ? { test: fresh.map((_, i) => i) }
      : splitByTimeAndGroup(
          fresh.map((index) => rows[index]!),
          wanted / fresh.length,
        );
  return test.map((i) => fresh[i]!);
}

/** A label as the comparison needs it. */
export interface NamedLabel {
  readonly classNo: number;
  readonly name: string;
}

/**
 * Whether deciding `said` where people say `truth` is a missed escalation: their label is the one named Escalate (any but Drop where none has
 * that name) and is not given, or the alert is dropped against any other label of theirs.
 */
export function missesEscalation(labels: readonly NamedLabel[], truth: number, said: number | null): boolean {
  const numbered = (name: string) => labels.find((label) => label.name.trim().toLowerCase() === name)?.classNo;
  const drop = numbered('drop');
  const escalate = numbered('escalate');
  if (said === truth || truth === drop || said === null) return false;
  return escalate === undefined || truth === escalate || said === drop;
}

/** Compares both on the held-out units. `since` and `championId` are kept as given. */
export function compare(
  units: readonly HeldOutUnit[],
  labels: readonly NamedLabel[],
  about: { readonly championId: number; readonly since: number | null; readonly unit: 'bucket' | 'event' },
): Comparison {
  const { championId, since } = about;
  if (units.length === 0)
    return nothingToCompare(championId, `No ${about.unit} was labelled since the active model was trained.`);
  const classNos = [
    ...new Set(
      units.flatMap((unit) => [unit.classNo, ...unit.champion.probabilities.keys(), ...unit.challenger.probabilities.keys()]),
    ),
  ].sort((a, b) => a - b);
  const truth = units.map((unit) => classNos.indexOf(unit.classNo));
  const spread = (opinion: Opinion) =>
    classNos.map((classNo) => (opinion.classNo === null ? 1 / classNos.length : (opinion.probabilities.get(classNo) ?? 0)));
  const champion = computeMetrics(
    units.map((unit) => spread(unit.champion)),
    truth,
    classNos.length,
  );
  const challenger = computeMetrics(
    units.map((unit) => spread(unit.challenger)),
    truth,
    classNos.length,
  );
  const clusters = units.map((unit) => unit.cluster);
  const loss = (who: 'champion' | 'challenger') =>
    units.map((unit) => -Math.log(Math.max(FLOOR, spread(unit[who])[classNos.indexOf(unit.classNo)]!)));
  const misses = (who: 'champion' | 'challenger') =>
    units.map((unit) => (missesEscalation(labels, unit.classNo, unit[who].classNo) ? 1 : 0));
  const logLoss = pairedTest(loss('champion'), loss('challenger'), clusters, LEVEL);
  const missedBefore = misses('champion');
  const missedAfter = misses('challenger');
  const missed = {
    champion: sum(missedBefore),
    challenger: sum(missedAfter),
    test: pairedTest(missedBefore, missedAfter, clusters, LEVEL),
  };
  const worse = logLoss.worse || missed.test.worse;
  const drop = labels.find((label) => label.name.trim().toLowerCase() === 'drop')?.classNo;
  const rank = (entry: MissedEscalation & { after: boolean }) => (entry.after ? 0 : 2) + (entry.challengerSays === drop ? 0 : 1);
  const missedEscalations = units
    .flatMap((unit, index) =>
      missedBefore[index] || missedAfter[index]
        ? [
            {
              unit: unit.unit,
              eventId: unit.eventId,
              classNo: unit.classNo,
              championSays: unit.champion.classNo,
              challengerSays: unit.challenger.classNo,
              after: missedAfter[index] === 1,
            },
          ]
        : [],
    )
    .sort((a, b) => rank(a) - rank(b) || (a.unit < b.unit ? -1 : 1))
    .slice(0, LISTED)
    .map(({ after: _, ...entry }) => entry);
  return {
    championId,
    heldOut: units.length,
    clusters: new Set(clusters).size,
    since,
    worse,
    sentence: sentenceOf(units.length, about.unit, champion, challenger, logLoss, missed),
    champion,
    challenger,
    logLoss,
    missed,
    missedEscalations,
  };
}

/** A comparison that could not be made, with why. */
export function nothingToCompare(championId: number, sentence: string): Comparison {
  return {
    championId,
    heldOut: 0,
    clusters: 0,
    since: null,
    worse: false,
    sentence,
    champion: null,
    challenger: null,
    logLoss: null,
    missed: null,
    missedEscalations: [],
  };
}

/** What the job says after a training whose model does not take over. */
export function notActivated(comparison: Comparison): string {
  return `trained, not activated: ${comparison.sentence} A lead can activate it all the same.`;
}

function sentenceOf(
  rows: number,
  unit: string,
  champion: ModelMetrics,
  challenger: ModelMetrics,
  logLoss: PairedTest,
  missed: NonNullable<Comparison['missed']>,
): string {
  const where = `On ${rows} ${unit}${rows === 1 ? '' : 's'} labelled since the active model was trained`;
  const findings: string[] = [];
  if (missed.test.worse)
    findings.push(`it misses ${missed.challenger} escalations instead of ${missed.champion} (p ${shown(missed.test.p)})`);
  if (logLoss.worse)
    findings.push(
      `its log-loss is ${challenger.logLoss.toFixed(3)} instead of ${champion.logLoss.toFixed(3)} (p ${shown(logLoss.p)})`,
    );
  if (findings.length > 0) return `${where}, ${findings.join(', and ')}.`;
  return `${where}, it is not worse: ${missed.challenger} missed escalations instead of ${missed.champion}, log-loss ${challenger.logLoss.toFixed(3)} instead of ${champion.logLoss.toFixed(3)}.`;
}

function shown(p: number): string {
  return p < 0.001 ? '< 0.001' : `= ${p.toFixed(3)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
