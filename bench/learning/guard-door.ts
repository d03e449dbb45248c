import {
  type Automation,
  addAudit,
  automationFor,
  createGuard,
  exclusionOf,
  type GuardState,
  guardThresholds,
  guardVerdict,
  type Model,
  type TrainingRow,
} from '@verdict/engine';
import { random, shuffle } from '../../packages/engine/src/math.ts';
import type { ReadAlert } from './alerts.ts';

/** "Act alone on `label` while at most this share of such decisions is wrong." */
export interface GuardWish {
  readonly label: string;
  readonly maxErrorRate: number;
}

/** An alert set aside as a blind audit, with the chance that it was taken. */
export interface SetAside {
  readonly row: number;
  readonly chance: number;
  readonly leastChance: number;
}

/** Share of the labelled alerts set aside, so that a few hundred audits come of a thousand. */
const SHARE = 1 / 3;

/** Reads `Drop=0.01`. @throws Error when it is not of this shape. */
export function parseWish(text: string): GuardWish {
  const at = text.lastIndexOf('=');
  const wish = { label: text.slice(0, at), maxErrorRate: Number(text.slice(at + 1)) };
  if (at < 1 || !(wish.maxErrorRate > 0 && wish.maxErrorRate <= 0.5))
    throw new Error(`--guard is LABEL=SHARE with a share above 0 and at most 0.5, such as Drop=0.01, not "${text}"`);
  return wish;
}

/**
 * Splits labelled alerts into those to learn from and, at random, a third that stays untouched as audits, in the order of drawing. Alerts of
 * a group (an incident) go together, and one of each group set aside is an audit, weighed by the group's size: others would only say the same
 * again, and in service an alert is drawn before others of its incident are labelled. Groups as large as a tenth of all are environments, not
 * incidents; alerts are then drawn one by one.
 */
export function setAside(
  alerts: readonly ReadAlert[],
  chosen: readonly number[],
  seed: number,
): { readonly learn: number[]; readonly audits: SetAside[] } {
  const byGroup = grouped(chosen, (row) => (alerts[row]!.group === undefined ? `row ${row}` : `group ${alerts[row]!.group}`));
  const incidents = byGroup.every((rows) => rows.length * 10 < chosen.length);
  const groups = incidents ? byGroup : grouped(chosen, String);
  const source = random(seed ^ 0x5e7a51de);
  const largest = groups.reduce((most, rows) => Math.max(most, rows.length), 0);
  const learn: number[] = [];
  const audits: SetAside[] = [];
  for (const rows of groups) {
    if (source.next() >= SHARE) learn.push(...rows);
    else audits.push({ row: rows[source.below(rows.length)]!, chance: SHARE / rows.length, leastChance: SHARE / largest });
  }
  const order = Int32Array.from(audits.keys());
  shuffle(order, source);
  return { learn, audits: [...order].map((i) => audits[i]!) };
}

/** Automation for a decision of the model under test. */
export type Automate = (values: ReadAlert['values'], key: string) => Automation['automation'];

/**
 * Opens a guard for each wish on the alerts set aside, as the service does on its audits: thresholds from what the model says of them, then their
 * labels one by one. Prints what came of it to standard error.
 * @param learnt rows that the model was trained on; a bucket whose votes are tied is undecided.
 */
export function openGuards(
  model: Model,
  alerts: readonly ReadAlert[],
  learnt: readonly TrainingRow[],
  audits: readonly SetAside[],
  wishes: readonly GuardWish[],
): Automate {
  const undecided = new Set(learnt.filter(({ votes }) => isTied(votes)).map(({ key }) => key));
  const facts = (values: ReadAlert['values'], key: string) => {
    const { choice, confidence, outlier } = model.decide(values, key);
    return { label: model.classes[choice]!, confidence, outlier, undecided: undecided.has(key), unseenProtected: [] };
  };
  const guards = new Map<string, GuardState>();
  for (const { label, maxErrorRate } of wishes) {
    const decided = audits
      .map((audit) => ({ audit, alert: alerts[audit.row]! }))
      .map(({ audit, alert }) => ({ audit, truth: alert.label, said: facts(alert.values, alert.key) }))
      .filter(({ said }) => said.label === label);
    const thresholds = guardThresholds(decided.filter(({ said }) => !exclusionOf(said)).map(({ said }) => said.confidence));
    let guard = createGuard({ label, maxErrorRate, thresholds });
    for (const { audit, truth, said } of decided) {
      guard = addAudit(guard, {
        label,
        confidence: said.confidence,
        excluded: exclusionOf(said) !== null,
        outcome: isWrong(label, truth, model.classes) ? 'wrong' : 'right',
        chance: audit.chance,
        leastChance: audit.leastChance,
      });
    }
    guards.set(label, guard);
    process.stderr.write(`guard: ${audits.length} alerts set aside, ${guard.audits} audits. ${guardVerdict(guard).sentence}\n`);
  }
  return (values, key) => {
    const said = facts(values, key);
    return automationFor(said, { closedForAll: false, guard: guards.get(said.label) }).automation;
  };
}

function grouped(rows: readonly number[], name: (row: number) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const group = groups.get(name(row));
    if (group) group.push(row);
    else groups.set(name(row), [row]);
  }
  return [...groups.values()];
}

/** For Drop, what should have been escalated; where there is no such label, and for others, any other label. */
function isWrong(label: string, truth: string, classes: readonly string[]): boolean {
  const escalation = classes.filter((name) => name.toLowerCase() === 'escalate');
  return label.toLowerCase() === 'drop' && escalation.length > 0 ? escalation.includes(truth) : truth !== label;
}

function isTied(votes: readonly number[]): boolean {
  const sorted = [...votes].sort((a, b) => b - a);
  return sorted.length > 1 && sorted[0] === sorted[1];
}
