import { isObject, type Json, type JsonObject, sameJson } from '../context/index.ts';
import type { TaskType } from './model.ts';

/**
 * How a task ended: `done`; `continued` after an error, because the playbook says so; `failed`, which stops what comes after it; `skipped`
 * where an integration is not there and the playbook says to go on; `waiting` for a person.
 */
export type TaskState = 'done' | 'continued' | 'failed' | 'skipped' | 'waiting';

/** What a task did. Times are milliseconds since the run began. */
export interface TaskTrace {
  readonly id: string;
  readonly name: string;
  readonly type: TaskType;
  readonly state: TaskState;
  readonly started_ms: number;
  readonly ended_ms: number;
  readonly inputs: JsonObject;
  /** What it gave, as people read it. */
  readonly output: string;
  readonly context_changes: readonly Change[];
  readonly incident_changes: readonly Change[];
  /** The branch taken: `#none#` where there was nothing to choose; null where it went nowhere. */
  readonly branch: string | null;
  readonly error: string | null;
  /** The runs of a sub-playbook, more than one in a loop. */
  readonly runs: readonly RunTrace[];
}

/** How a playbook ended: `completed`; `failed` at a task; `waiting` for a person. */
export type RunState = 'completed' | 'failed' | 'waiting';

export interface RunTrace {
  readonly playbook: string;
  readonly state: RunState;
  readonly inputs: JsonObject;
  /** In the order in which they began. */
  readonly tasks: readonly TaskTrace[];
  /** Ids of tasks that the run did not come to. */
  readonly not_reached: readonly string[];
  /** The sentence of the first task that failed, or what is waited for. */
  readonly problem: string | null;
}

/** One place that changed; `to` is undefined where it is gone. */
export interface Change {
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

const MOST_CHANGES = 200;

/** What is different between two objects, by path, objects gone into; at most 200 places. */
export function changesBetween(before: JsonObject, after: JsonObject): Change[] {
  const changes: Change[] = [];
  const walk = (from: JsonObject, to: JsonObject, path: string) => {
    if (from === to) return;
    for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
      if (changes.length >= MOST_CHANGES) return;
      const [was, is] = [Object.hasOwn(from, key) ? from[key] : undefined, Object.hasOwn(to, key) ? to[key] : undefined];
      const at = path === '' ? key : `${path}.${key}`;
      if (was !== undefined && is !== undefined && sameJson(was, is)) continue;
      if (isObject(was) && isObject(is)) walk(was, is, at);
      else changes.push({ path: at, ...(was !== undefined && { from: was }), ...(is !== undefined && { to: is }) });
    }
  };
  walk(before, after, '');
  return changes;
}
