import { fillTemplate, type Json, type JsonObject, readPath } from '../context/index.ts';
import type { Frame } from './host.ts';
import { incidentScope } from './incident.ts';
import type { Comparison, Groups, Operand, Value } from './model.ts';
import { compare } from './operators.ts';
import { transform } from './transformers.ts';
import { type Given, listOf } from './values.ts';

/** All that an expression can name: the context, and beside it `incident`, `inputs` and what XSOAR adds. */
export function scopeOf(frame: Frame): JsonObject {
  return {
    ...frame.memory.context,
    incident: incidentScope(frame.shared.incident),
    inputs: frame.inputs,
    currentPlaybookID: frame.playbook.id,
    lastCompletedTaskEntries: [...frame.lastEntries],
  };
}

/**
 * What a value of a playbook stands for.
 * @returns undefined where there is nothing.
 * @throws ContextError, ValueError or RegexError with a sentence.
 */
export function evaluateValue(value: Value, scope: JsonObject): Given {
  if (value.kind === 'simple') return fillTemplate(scope, value.text) ?? undefined;
  const root = pathOf(value.root);
  let found = root === '' ? undefined : readPath(scope, root);
  if (value.filters.length > 0) {
    const kept = listOf(found).filter((item) => holdsForItem(value.filters, item, root, scope));
    found = kept.length > 1 ? kept : kept[0];
  }
  if (value.accessor !== '' && found !== undefined) found = readPath(found, value.accessor);
  for (const { operator, arguments: args } of value.transformers) {
    found = transform(operator, found, Object.fromEntries([...args].map(([key, one]) => [key, evaluateOperand(one, scope)])));
  }
  return found ?? undefined;
}

/** All arguments of a task; those that stand for nothing are left out. */
export function evaluateAll(values: ReadonlyMap<string, Value>, scope: JsonObject): JsonObject {
  return Object.fromEntries(
    [...values].flatMap(([key, value]) => {
      const given = evaluateValue(value, scope);
      return given === undefined || key === '__proto__' ? [] : [[key, given] as const];
    }),
  );
}

/** Whether a condition holds. As in XSOAR it does not go through the items of a list: each side is found, and then compared. */
export function holds(groups: Groups, scope: JsonObject): boolean {
  return groups.every((group) =>
    group.some(({ operator, left, right, ignoreCase }) =>
      compare(operator, evaluateOperand(left, scope), right && evaluateOperand(right, scope), ignoreCase),
    ),
  );
}

function holdsForItem(groups: Groups, item: Json, root: string, scope: JsonObject): boolean {
  return groups.every((group) => group.some((one) => holdsOne(one, item, root, scope)));
}

function holdsOne({ operator, left, right, ignoreCase }: Comparison, item: Json, root: string, scope: JsonObject): boolean {
  const inItem = (operand: Operand): Given => {
    if (!operand.isContext || operand.value.kind !== 'simple') return evaluateOperand(operand, scope);
    const path = pathOf(operand.value.text);
    if (path === root) return item;
    return path.startsWith(`${root}.`) ? readPath(item, path.slice(root.length + 1)) : readPath(scope, path);
  };
  return compare(operator, inItem(left), right && inItem(right), ignoreCase);
}

function evaluateOperand({ value, isContext }: Operand, scope: JsonObject): Given {
  if (!isContext || value.kind === 'complex') return evaluateValue(value, scope);
  const path = pathOf(value.text);
  return path === '' ? undefined : readPath(scope, path);
}

/** `A.b` out of `A.b` and `${A.b}`. */
export function pathOf(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith('${') && trimmed.endsWith('}') ? trimmed.slice(2, -1).trim() : trimmed;
}
