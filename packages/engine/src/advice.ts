/**
 * Advice on which fields to choose as decision points: those that tell about the label, and warnings of those that would make every
 * alert a case of its own (ids, times) or that know the answer only because someone has already given it.
 */
import { FieldCounter, type FieldCounts, type FieldStatisticsOptions, type ValueCount } from './field-statistics.ts';
import { entropy, explainedShare } from './information.ts';
import { compareStrings, log } from './math.ts';
import { namesOutcome, namesTime } from './outcome-names.ts';
import { elements, planPoint, toNumber } from './point-types.ts';
import { words } from './tokens.ts';
import type { PointType, PointValue } from './types.ts';

export type AdviceKind = 'good' | 'duplicate' | 'rare' | 'time' | 'identifier' | 'constant' | 'leaks_outcome';

export interface Advice {
  readonly path: string;
  /** Share of the alerts seen that have the field, 0 to 1. */
  readonly coverage: number;
  /** Distinct values counted; where `capped`, there are more. */
  readonly distinct: number;
  readonly capped: boolean;
  /** The most frequent values, at most 3, as text of at most 80 characters. */
  readonly examples: readonly string[];
  readonly type: PointType;
  readonly kind: AdviceKind;
  /**
   * 0 to 1. With labels: the share of the uncertainty about the label that the field takes away beyond chance. Without: how far it
   * is present, repeats and varies.
   */
  readonly score: number;
  /** The better field that says the same, where `kind` is `duplicate`. */
  readonly duplicateOf?: string;
  readonly sentence: string;
}

export interface FieldStatistics {
  /** Counts one alert (parsed JSON, best by `parseAlert`), with the label that people gave it if they did. */
  add(alert: unknown, label?: string): void;
  /** One entry for each field seen: those to choose first, the best on top. Deterministic for the same alerts in the same order. */
  advice(): Advice[];
  readonly events: number;
  readonly labelled: number;
  /** Whether the alerts had more fields than are followed. */
  readonly truncated: boolean;
}

const KINDS: readonly AdviceKind[] = ['good', 'duplicate', 'rare', 'time', 'identifier', 'constant', 'leaks_outcome'];
/** Fewer alerts than this show nothing about what is constant, rare or never repeats. */
const MIN_EVENTS = 20;
const MIN_LABELLED = 10;
const RARE = 0.02;
const BINS = 16;
/** Bounds the time spent on alerts with hundreds of fields of one shape. */
const MAX_COMPARISONS = 5_000;

/** Starts counting the fields of alerts, in bounded memory (under 100 MB at the very most). */
export function createFieldStatistics(options: FieldStatisticsOptions = {}): FieldStatistics {
  const counter = new FieldCounter(options);
  return {
    add: (alert, label) => counter.add(alert, label),
    advice: () => advise(counter),
    get events() {
      return counter.events;
    },
    get labelled() {
      return labelledRows(counter);
    },
    get truncated() {
      return counter.truncated;
    },
  };
}

/** What is known of one field before it is compared with others. */
interface Judged {
  readonly field: FieldCounts;
  readonly type: PointType;
  readonly coverage: number;
  readonly score: number;
  readonly kind: AdviceKind;
  readonly duplicateOf?: string;
}

function advise(counter: FieldCounter): Advice[] {
  const byLabel = labelledRows(counter) >= MIN_LABELLED && counter.labels.size >= 2;
  const judged = [...counter.fields.values()].map((field) => judge(field, counter, byLabel)).sort(better);
  return markDuplicates(judged, counter.sampled)
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || better(a, b))
    .map((one) => ({
      path: one.field.path,
      coverage: one.coverage,
      distinct: one.field.values.size,
      capped: one.field.other.count > 0,
      examples: examples(one.field),
      type: one.type,
      kind: one.kind,
      score: one.score,
      ...(one.duplicateOf === undefined ? {} : { duplicateOf: one.duplicateOf }),
      sentence: sentence(one, counter, byLabel),
    }));
}

function labelledRows(counter: FieldCounter): number {
  return counter.labelRows.reduce((sum, rows) => sum + rows, 0);
}

function better(a: Judged, b: Judged): number {
  return (
    b.score - a.score ||
    b.coverage - a.coverage ||
    a.field.path.length - b.field.path.length ||
    compareStrings(a.field.path, b.field.path)
  );
}

function judge(field: FieldCounts, counter: FieldCounter, byLabel: boolean): Judged {
  const coverage = field.seen / counter.events;
  const type = planPoint(field.path, typicalValues(field), undefined).type;
  const score = Math.round((byLabel ? labelScore(field, type, counter) : shapeScore(field, type, coverage)) * 1e6) / 1e6;
  return { field, type, coverage, score, kind: kindOf(field, type, coverage, score, counter, byLabel) };
}

function kindOf(
  field: FieldCounts,
  type: PointType,
  coverage: number,
  score: number,
  counter: FieldCounter,
  byLabel: boolean,
): AdviceKind {
  if (namesOutcome(field.path) || (byLabel && spellsLabel(field, counter))) return 'leaks_outcome';
  if (type === 'time') return 'time';
  if (counter.events < MIN_EVENTS) return 'good';
  if (field.values.size === 1 && field.other.count === 0 && coverage >= 0.98) return 'constant';
  if (coverage >= 0.98 && topCount(field) >= 0.995 * field.seen) return 'constant';
  if (coverage < RARE) return 'rare';
  if (neverRepeats(field) && type !== 'set') {
    if (namesTime(field.path)) return 'time';
    if (type === 'number' ? isSequence(field) : !(type === 'text' && (hasSentences(field) || (byLabel && score >= 0.05))))
      return 'identifier';
  }
  return 'good';
}

/** Values as often as they occur, thinned to a few thousand. */
function typicalValues(field: FieldCounts): PointValue[] {
  const values: PointValue[] = [];
  const factor = Math.min(1, 4_000 / field.seen);
  for (const { value, count } of field.values.values()) {
    for (let times = Math.max(1, Math.round(count * factor)); times > 0; times--) values.push(value);
  }
  return values;
}

function topCount(field: FieldCounts): number {
  let top = 0;
  for (const { count } of field.values.values()) if (count > top) top = count;
  return top;
}

/** Share of the rows whose value was there before (of the rows in which all values were still counted). */
function repeatedShare(field: FieldCounts): number {
  return field.exactRows === 0 ? 0 : (field.exactRows - field.exactDistinct) / field.exactRows;
}

function neverRepeats(field: FieldCounts): boolean {
  return field.exactRows >= MIN_EVENTS && repeatedShare(field) <= 0.05;
}

/** Whether numbers that never repeat are counted up, as ids are, rather than measured. */
function isSequence(field: FieldCounts): boolean {
  const numbers = [...field.values.values()].flatMap(({ value }) => elements(value).map(toNumber));
  if (!numbers.every(Number.isInteger)) return false;
  let upwards = 0;
  for (let i = 1; i < numbers.length; i++) if (numbers[i]! > numbers[i - 1]!) upwards++;
  const sorted = [...numbers].sort((a, b) => a - b);
  const span = sorted.at(-1)! - sorted[0]! + 1;
  return upwards >= 0.95 * (numbers.length - 1) || span <= 2 * numbers.length;
}

/** Whether the strings are made of several words (a message, a command line, a path), from which much can be learnt though none repeats. */
function hasSentences(field: FieldCounts): boolean {
  const strings = [...field.values.values()].flatMap(({ value }) => elements(value)).filter((value) => typeof value === 'string');
  return strings.filter((text) => words(text).length > 3 && /[\s/\\]/.test(text)).length >= 0.3 * strings.length;
}

/** Whether nearly all values are the very names of the labels given. */
function spellsLabel(field: FieldCounts, counter: FieldCounter): boolean {
  let same = 0;
  let rows = 0;
  const names = [...counter.labels.keys()].map((name) => name.toLowerCase());
  for (const { value, labels } of field.values.values()) {
    for (let c = 0; c < names.length; c++) {
      rows += labels[c] ?? 0;
      if (typeof value === 'string' && value.toLowerCase() === names[c]) same += labels[c] ?? 0;
    }
  }
  return rows >= MIN_LABELLED && same >= 0.9 * rows;
}

function labelScore(field: FieldCounts, type: PointType, counter: FieldCounter): number {
  const classes = counter.labels.size;
  const missing = counter.labelRows.map((rows, c) => rows - (field.labels[c] ?? 0));
  const cells = [...field.values.values()];
  const whole = explainedShare([missing, field.other.labels, ...valueGroups(cells, type)], classes);
  return type === 'text' || type === 'set' ? Math.max(whole, partScore(cells, missing, classes)) : whole;
}

/** Rows by label for each value; many numbers are put into bins of about equal numbers of rows. */
function valueGroups(cells: readonly ValueCount[], type: PointType): readonly (readonly number[])[] {
  if (type !== 'number' || cells.length <= BINS) return cells.map((cell) => cell.labels);
  const sorted = [...cells]
    .map((cell) => ({ cell, number: toNumber(elements(cell.value)[0] ?? '') }))
    .sort((a, b) => a.number - b.number);
  const rows = sorted.reduce((sum, { cell }) => sum + cell.count, 0);
  const bins: number[][] = Array.from({ length: BINS }, () => []);
  let before = 0;
  for (const { cell } of sorted) {
    addRows(bins[Math.min(BINS - 1, Math.floor((before * BINS) / rows))]!, cell.labels);
    before += cell.count;
  }
  return bins;
}

/**
 * What the best single word (of texts) or element (of sets) tells about the label. The best of many would look good by luck alone:
 * log(candidates) / rows is taken off, which is about the largest information among so many that tell nothing.
 */
function partScore(cells: readonly ValueCount[], missing: readonly number[], classes: number): number {
  const parts = new Map<string, number[]>();
  const all = [...missing];
  for (const { value, labels } of cells) {
    addRows(all, labels);
    for (const part of new Set(elements(value).flatMap((element) => [`=${element}`, ...words(String(element))]))) {
      const rows = parts.get(part) ?? [];
      parts.set(part, rows);
      addRows(rows, labels);
    }
  }
  const total = all.reduce((sum, rows) => sum + (rows ?? 0), 0);
  if (parts.size === 0 || total === 0) return 0;
  const luck = log(parts.size) / total / Math.max(1e-9, entropy(all.map((rows) => rows ?? 0)));
  let best = 0;
  for (const rows of parts.values()) {
    const without = all.map((count, c) => (count ?? 0) - (rows[c] ?? 0));
    best = Math.max(best, explainedShare([rows, without], classes) - luck);
  }
  return Math.max(0, best);
}

function addRows(to: number[], from: readonly number[]): void {
  // Holes in `from` are labels without rows.
  for (let c = 0; c < from.length; c++) to[c] = (to[c] ?? 0) + (from[c] ?? 0);
}

/**
 * Before any label: present, varied (8 equally frequent values or more are full marks) and repeating. Words and measures are useful
 * without repeating as a whole, so they keep half of that.
 */
function shapeScore(field: FieldCounts, type: PointType, coverage: number): number {
  const counts = [...field.values.values()].map((cell) => cell.count);
  const varied = Math.min(1, entropy([...counts, field.other.count]) / log(8));
  const repeats = repeatedShare(field);
  return coverage * varied * (type === 'text' || type === 'number' || type === 'set' ? Math.max(0.5, repeats) : repeats);
}

/** Marks each field that is one-to-one with a better one. `ranked` is best first. */
function markDuplicates(ranked: readonly Judged[], rows: number): Judged[] {
  const kept: { readonly path: string; readonly sample: Uint32Array; readonly top: readonly number[] }[] = [];
  let comparisons = 0;
  return ranked.map((one) => {
    if (one.kind !== 'good' || rows < MIN_EVENTS) return one;
    const { path, sample } = one.field;
    const top = topCounts(sample, rows);
    const twin = kept.find(
      (other) =>
        top.every((count, i) => Math.abs(count - other.top[i]!) <= 0.02 * rows) &&
        comparisons++ < MAX_COMPARISONS &&
        oneToOne(other.sample, sample, rows),
    );
    if (twin !== undefined) return { ...one, kind: 'duplicate', duplicateOf: twin.path };
    kept.push({ path, sample, top });
    return one;
  });
}

/** Rows of the three most frequent values: where these differ, two fields cannot be one-to-one. */
function topCounts(sample: Uint32Array, rows: number): number[] {
  const counts = new Map<number, number>();
  for (let i = 0; i < rows; i++) counts.set(sample[i]!, (counts.get(sample[i]!) ?? 0) + 1);
  return [...counts.values(), 0, 0].sort((a, b) => b - a).slice(0, 3);
}

/**
 * Whether two fields say the same in other words: in at least 98 % of the sampled rows each value goes with one of the other field, and
 * it is not so only because one value is in nearly all rows or because hardly any value repeats.
 */
function oneToOne(a: Uint32Array, b: Uint32Array, rows: number): boolean {
  const pairs = new Map<number, number>();
  const ofA = new Map<number, number>();
  const ofB = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    const pair = a[i]! * 0x100000000 + b[i]!;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    ofA.set(a[i]!, (ofA.get(a[i]!) ?? 0) + 1);
    ofB.set(b[i]!, (ofB.get(b[i]!) ?? 0) + 1);
  }
  if (Math.max(ofA.size, ofB.size) > rows / 2 && !sameValues(a, b, rows)) return false;
  const bestOfA = new Map<number, number>();
  const bestOfB = new Map<number, number>();
  for (const [pair, count] of pairs) {
    const x = Math.floor(pair / 0x100000000);
    const y = pair % 0x100000000;
    bestOfA.set(x, Math.max(bestOfA.get(x) ?? 0, count));
    bestOfB.set(y, Math.max(bestOfB.get(y) ?? 0, count));
  }
  const wrong = rows - Math.min(total(bestOfA), total(bestOfB));
  const varied = rows - Math.max(...ofA.values());
  return wrong <= 0.02 * rows && wrong <= 0.1 * varied;
}

function sameValues(a: Uint32Array, b: Uint32Array, rows: number): boolean {
  let same = 0;
  for (let i = 0; i < rows; i++) if (a[i] === b[i]) same++;
  return same >= 0.98 * rows;
}

function total(counts: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function examples(field: FieldCounts): string[] {
  return [...field.values]
    .sort((a, b) => b[1].count - a[1].count || compareStrings(a[0], b[0]))
    .slice(0, 3)
    .map(([, { value }]) => {
      const text = (Array.isArray(value) ? value.join(', ') : String(value)).toWellFormed();
      return text.length <= 80 ? text : `${text.slice(0, 79).toWellFormed()}…`;
    });
}

function sentence(one: Judged, counter: FieldCounter, byLabel: boolean): string {
  const { field, score } = one;
  const present = `present in ${percent(one.coverage)} of the alerts`;
  const values = `${field.other.count > 0 ? 'more than ' : ''}${field.values.size.toLocaleString('en')} ${field.values.size === 1 ? 'value' : 'different values'}`;
  switch (one.kind) {
    case 'leaks_outcome':
      return 'Do not choose it: it seems to be filled in when the alert is decided, so a new alert cannot have it yet.';
    case 'time':
      return 'Better not: it is a time, which never comes again; a decision cannot depend on it.';
    case 'identifier':
      return `Better not: it looks like an identifier (${values}, hardly any twice), so every alert would be a case of its own.`;
    case 'constant':
      return 'No use: it is the same in all alerts.';
    case 'rare':
      return `Rarely of use: only ${present}${byLabel ? `; it explains ${percent(score)} of the label` : ''}.`;
    case 'duplicate':
      return `Says the same as ${one.duplicateOf}: one of the two is enough.`;
    case 'good':
      if (counter.events < MIN_EVENTS)
        return `Too early to judge: only ${counter.events} ${counter.events === 1 ? 'alert' : 'alerts'} seen; ${present}.`;
      if (!byLabel)
        return `${score >= 0.3 ? 'Good to start with' : 'May help'}: ${present}, with ${values}. There is too little feedback yet to say more.`;
      if (score < 0.01) return `Tells nothing about the label by itself so far; ${present}, with ${values}.`;
      return `Explains ${percent(score)} of the label by itself; ${present}, with ${values}.`;
  }
}

function percent(share: number): string {
  if (share > 0 && share < 0.01) return 'less than 1 %';
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}
