import type { Json } from './json.ts';

/**
 * What XSOAR's script `Set` makes of its value: text that is JSON becomes that, so `5` a number and `true` a truth value; other text, and anything that is no
 * text, stays as it is. A number written in another way than JSON's (`007`) or with an exponent but no point (`1e5`) stays text there, and so does here a
 * whole number that JavaScript cannot hold.
 * @param stringify keeps text as text, and makes text of everything else.
 */
export function valueToSet(value: Json, stringify: boolean): Json {
  if (stringify) return typeof value === 'string' ? value : JSON.stringify(value);
  if (typeof value !== 'string') return value;
  try {
    const parsed: Json = JSON.parse(value);
    const kept = typeof parsed !== 'number' || (value.includes('.') ? Number.isFinite(parsed) : isWhole(parsed, value));
    return kept ? parsed : value;
  } catch {
    return value;
  }
}

function isWhole(number: number, text: string): boolean {
  return Number.isSafeInteger(number) && !/e/i.test(text);
}
