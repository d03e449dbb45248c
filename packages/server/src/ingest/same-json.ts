import { parseAlert } from '@verdict/engine';

/**
 * Whether two JSON texts say the same: key order, white space, escapes and the spelling of numbers aside. Numbers that a double cannot
 * hold are compared digit by digit.
 */
export function sameJson(a: string, b: string): boolean {
  if (a === b) return true;
  try {
    return equal(parseAlert(a), parseAlert(b));
  } catch {
    return false;
  }
}

function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a);
  if (left.length !== Object.keys(b).length) return false;
  return left.every(([key, value]) => Object.hasOwn(b, key) && equal(value, (b as Record<string, unknown>)[key]));
}
