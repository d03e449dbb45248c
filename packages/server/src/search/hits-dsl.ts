import { NEWEST, type SortKey, type SortValue, type SourceFilter, sortValue } from './hits.ts';
import type { After } from './order.ts';
import {
  booleanAt,
  fieldAt,
  listAt,
  objectAt,
  onlyMembers,
  type Place,
  refused,
  scalarAt,
  soleMember,
  textAt,
  unsupported,
  within,
} from './reading.ts';
import { canonicalField, TIME_FIELDS } from './value.ts';

const MOST_KEYS = 10;

/** Reads `sort`; the newest first when there is none, or only `_score`, which is the same for all. */
export function readSort(place: Place): readonly SortKey[] {
  if (place.value === undefined || place.value === null) return NEWEST;
  const list = listAt(place);
  if (list.length > MOST_KEYS) throw refused(place.at, `can have at most ${MOST_KEYS} keys.`);
  const keys = list.flatMap((one): SortKey[] => {
    if (typeof one.value === 'string') return key(one.value, one, undefined);
    const { name, place: options } = soleMember(one);
    return key(name, { value: name, at: one.at }, options);
  });
  return keys.length > 0 ? keys : NEWEST;
}

function key(name: string, at: Place, options: Place | undefined): SortKey[] {
  if (name === '_score') return [];
  const field = canonicalField(fieldAt(at));
  let order: Place | undefined;
  let missingFirst = false;
  if (options) {
    if (typeof options.value === 'string') order = options;
    else {
      onlyMembers(options, ['order', 'missing', 'unmapped_type', 'mode', 'format', 'numeric_type'], 'sort');
      order = within(options, 'order').value === undefined ? undefined : within(options, 'order');
      const missing = within(options, 'missing').value ?? '_last';
      if (missing !== '_last' && missing !== '_first')
        throw unsupported(`${options.at}.missing`, 'anything but _first and _last');
      missingFirst = missing === '_first';
    }
  }
  const direction = order === undefined ? 'asc' : textAt(order).toLowerCase();
  if (direction !== 'asc' && direction !== 'desc') throw refused(order?.at ?? at.at, 'must be asc or desc.');
  const mode = options && typeof options.value !== 'string' ? within(options, 'mode').value : undefined;
  if (mode !== undefined && mode !== (direction === 'asc' ? 'min' : 'max'))
    throw unsupported(`${options!.at}.mode`, `the mode "${String(mode)}"`);
  return [{ field, descending: direction === 'desc', missingFirst }];
}

/**
 * Reads `search_after`: the `sort` of the last hit of a page. The last key must be `_doc`, so that no event is left out or told twice where all
 * other keys are equal.
 */
export function readAfter(place: Place, sort: readonly SortKey[], from: number): After | undefined {
  if (place.value === undefined || place.value === null) return undefined;
  const list = listAt(place);
  if (sort.at(-1)?.field !== '_doc') throw refused(place.at, 'needs _doc as the last key of sort.');
  if (list.length !== sort.length) throw refused(place.at, `must have ${sort.length} values, one for each key of sort.`);
  if (from > 0) throw refused(place.at, 'goes with from 0 only.');
  const seq = list.at(-1)!.value;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq))
    throw refused(list.at(-1)!.at, 'must be the number that was told for _doc.');
  return { seq, sort: list.map((one, index) => placeValue(one, sort[index]!)) };
}

function placeValue(place: Place, { field }: SortKey): SortValue {
  if (place.value === null) return null;
  const value = scalarAt(place);
  return typeof value === 'number' && TIME_FIELDS.has(field) ? [2, value * 1000] : sortValue(value);
}

/** Reads `_source`: a boolean, a pattern, a list of patterns, or includes and excludes. */
export function readSource(place: Place): SourceFilter {
  const { value } = place;
  if (value === undefined || value === null) return { includes: [], excludes: [] };
  if (typeof value === 'boolean') return booleanAt(place, true) ? { includes: [], excludes: [] } : false;
  if (typeof value === 'string' || Array.isArray(value)) return { includes: patterns(place), excludes: [] };
  objectAt(place);
  onlyMembers(place, ['includes', 'excludes', 'include', 'exclude'], '_source');
  const either = (a: string, b: string): string[] =>
    [a, b].flatMap((name) => (within(place, name).value === undefined ? [] : patterns(within(place, name))));
  return { includes: either('includes', 'include'), excludes: either('excludes', 'exclude') };
}

function patterns(place: Place): string[] {
  const list = listAt(place);
  if (list.length > 1_000) throw refused(place.at, 'can have at most 1000 patterns.');
  return list.map(fieldAt);
}
