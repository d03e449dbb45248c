/** One place that differs between what was and what is. Values as JSON; undefined where there is none. */
export interface Changed {
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Most places that are told. */
const MOST = 100;

/** Where two documents differ, as dotted paths in the order of the documents; equal parts are left out. */
export function changesBetween(before: unknown, after: unknown): Changed[] {
  const found: Changed[] = [];
  walk('', before ?? undefined, after ?? undefined, found);
  return found.slice(0, MOST);
}

function walk(path: string, before: unknown, after: unknown, found: Changed[]): void {
  if (found.length > MOST) return;
  const members = isRecord(before) || isRecord(after);
  const other = (value: unknown) => value !== undefined && !isRecord(value);
  if (members && !other(before) && !other(after)) {
    const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
    for (const name of names) walk(path === '' ? name : `${path}.${name}`, member(before, name), member(after, name), found);
    return;
  }
  const [was, is] = [text(before), text(after)];
  if (was !== is) found.push({ path, before: was, after: is });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function text(value: unknown): string | undefined {
  return value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
}
