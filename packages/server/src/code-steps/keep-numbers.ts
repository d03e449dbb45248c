import { parseAlert } from '@verdict/engine';

/** Numbers that a double may fail to hold. */
const LONG_NUMBER = /\d{15}|[\d.]{17}|[eE][+-]?\d{2}/;

/**
 * Gives numbers that code could not hold their own spelling back: JavaScript makes 9223372036854775807 into …776000 and 1e400 into null. Where the
 * step returned, at the same place, what such a number turns into, it left the number alone.
 * @param before JSON text of the record as it went in. @param after JSON text of the record that came out.
 */
export function keepNumbers(before: string, after: string): string {
  if (!LONG_NUMBER.test(before)) return after;
  const exact = parseAlert(before);
  const held = JSON.parse(before) as unknown;
  const made = JSON.parse(after) as unknown;
  const kept: string[] = [];
  // Marks are strings that nothing in the record can be: each begins with a character that the record does not hold.
  const mark = unusedIn(after);
  if (!restore(exact, held, made, (token) => `${mark}${kept.push(token) - 1}`)) return after;
  return JSON.stringify(made).replaceAll(new RegExp(`"${mark}(\\d+)"`, 'g'), (_, index: string) => kept[Number(index)]!);
}

/** Walks all three side by side without recursion; true when something was restored. */
function restore(exact: unknown, held: unknown, made: unknown, keep: (token: string) => string): boolean {
  let any = false;
  const waiting: [unknown, unknown, unknown][] = [[exact, held, made]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [a, b, c] = next;
    if (!isContainer(a) || !isContainer(b) || !isContainer(c) || Array.isArray(b) !== Array.isArray(c)) continue;
    for (const name of Object.keys(c)) {
      if (!Object.hasOwn(b, name)) continue;
      const [spelled, number, now] = [a[name], b[name], c[name]];
      if (typeof spelled === 'string' && typeof number === 'number') {
        if (now !== (Number.isFinite(number) ? number : null)) continue;
        // Set as a member of its own: the name may be __proto__.
        Object.defineProperty(c, name, { value: keep(spelled), enumerable: true, configurable: true, writable: true });
        any = true;
      } else waiting.push([spelled, number, now]);
    }
  }
  return any;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A character of the private use area that a text does not hold. */
function unusedIn(text: string): string {
  for (let code = 0xe000; code < 0xf8ff; code++) {
    const mark = String.fromCharCode(code);
    if (!text.includes(mark) && !text.includes(`\\u${code.toString(16)}`)) return mark;
  }
  return '\uf8ff';
}
