import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { compileDecisionPoints, type PointValues, parseAlert, type TrainingRow } from '@verdict/engine';

/** A closed alert with the label that it got. */
export interface LabelledAlert {
  readonly event: unknown;
  readonly label: string;
  /** Seconds since 1970. */
  readonly time?: number;
  readonly group?: string;
}

/** A labelled alert as the engine sees it. */
export interface ReadAlert {
  readonly values: PointValues;
  readonly key: string;
  readonly label: string;
  readonly time?: number;
  readonly group?: string;
}

/**
 * Reads JSON Lines (gzipped where the name ends in `.gz`), one `{"event": {…}, "label": "…", "time"?: …, "group"?: "…"}` a line.
 * @throws Error naming the line that is not of this shape.
 */
export function readAlerts(path: string): LabelledAlert[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, i) => labelledAlert(parseAlert(line), i + 1));
}

/** The decision-point values and bucket key of each alert. */
export function atPoints(alerts: readonly LabelledAlert[], points: readonly string[]): ReadAlert[] {
  const decisionPoints = compileDecisionPoints(points);
  return alerts.map(({ event, ...rest }) => {
    const values = decisionPoints.values(event);
    return { ...rest, values, key: decisionPoints.key(values) };
  });
}

/**
 * The training rows of chosen alerts, each alert one vote of another person: alerts of one bucket are one row with their votes added up.
 * @param classes labels in class order.
 */
export function trainingRows(
  alerts: readonly ReadAlert[],
  chosen: readonly number[],
  classes: readonly string[],
  groups: boolean,
): TrainingRow[] {
  const rows = new Map<string, { key: string; values: PointValues; votes: number[]; time?: number; group?: string }>();
  for (const i of chosen) {
    const alert = alerts[i]!;
    const row = rows.get(alert.key) ?? {
      key: alert.key,
      values: alert.values,
      votes: classes.map(() => 0),
      ...(groups && alert.group !== undefined ? { group: alert.group } : {}),
    };
    row.votes[classes.indexOf(alert.label)]!++;
    if (alert.time !== undefined) row.time = Math.max(row.time ?? 0, Math.round(alert.time * 1e6));
    rows.set(alert.key, row);
  }
  return [...rows.values()];
}

/** Every path to a scalar or list in the first alerts, in order of appearance: the points of a set whose points are "all". */
export function allPaths(alerts: readonly LabelledAlert[]): string[] {
  const paths = new Set<string>();
  const walk = (value: unknown, path: string) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else paths.add(path);
  };
  for (const { event } of alerts.slice(0, 3000)) walk(event, '');
  return [...paths];
}

function labelledAlert(parsed: unknown, line: number): LabelledAlert {
  const problem = (what: string) => new Error(`line ${line}: ${what}`);
  if (typeof parsed !== 'object' || parsed === null) throw problem('not an object');
  const { event, label, time, group } = parsed as Record<string, unknown>;
  if (typeof event !== 'object' || event === null) throw problem('"event" is not an object');
  if (typeof label !== 'string' && typeof label !== 'number' && typeof label !== 'boolean') throw problem('"label" is missing');
  return {
    event,
    label: String(label),
    ...(typeof time === 'number' ? { time } : {}),
    ...(typeof group === 'string' || typeof group === 'number' ? { group: String(group) } : {}),
  };
}
