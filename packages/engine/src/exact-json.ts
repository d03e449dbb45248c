/**
 * JSON in, with every number kept as the sender meant it. `JSON.parse` alone turns 9223372036854775807 into …776000 and 1e400 into
 * Infinity: two different event or account ids would then be one value, and two different alerts one bucket.
 */

const QUOTE = 34;
const BACKSLASH = 92;
const MINUS = 45;

/**
 * Numbers that a double may fail to hold: 16 digits or more, or an exponent of 3 digits or more, where a JSON number can begin.
 * It may match inside a string (then only time is lost), it never misses a number outside one.
 */
const SUSPICIOUS = /(?:^|[\s:,[])-?(?:\d{16}|[\d.]{17}|\d[\d.]*[eE][+-]?\d{3})/;

/**
 * Parses an alert. A number that a double cannot hold without changing its decimal value comes back as a *string* in canonical
 * decimal spelling (see {@link canonicalDecimal}); every other number is a number. `__proto__` is an ordinary own key.
 *
 * Works without recursion, so that nesting cannot exhaust the stack; time is linear in the text.
 *
 * @throws SyntaxError when the text is not JSON.
 */
export function parseAlert(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!SUSPICIOUS.test(text)) return parsed;
  // The text is known to be valid JSON here, so the rewriting below can only turn numbers into strings, never errors into JSON.
  const rewritten = quoteInexactNumbers(text);
  return rewritten === text ? parsed : JSON.parse(rewritten);
}

/**
 * One spelling for each decimal value: no leading or trailing zeros, no `+`, an exponent only where plain digits would need more
 * than 21 zeros of padding (or 6 after the point). `1.50e1` → `15`, `-0.0` → `0`, `1E400` → `1e+400`.
 *
 * @param token a JSON number. One whose exponent itself has over 1,000 digits is only lower-cased.
 */
export function canonicalDecimal(token: string): string {
  const negative = token.charCodeAt(0) === MINUS;
  const lower = token.toLowerCase();
  const e = lower.indexOf('e');
  const mantissa = lower.slice(negative ? 1 : 0, e < 0 ? undefined : e);
  const dot = mantissa.indexOf('.');
  const whole = dot < 0 ? mantissa : mantissa.slice(0, dot);
  const all = dot < 0 ? mantissa : whole + mantissa.slice(dot + 1);

  let start = 0;
  while (start < all.length && all[start] === '0') start++;
  if (start === all.length) return '0';
  let end = all.length;
  while (all[end - 1] === '0') end--;
  const digits = all.slice(start, end);

  const exponentText = e < 0 ? '0' : lower.slice(e + 1);
  if (exponentText.length > 1_000) return lower;
  // Where the decimal point stands, counted from the left of `digits`; an exponent may be larger than any number type holds.
  const point = BigInt(exponentText.replace('+', '')) + BigInt(whole.length - start);
  return (negative ? '-' : '') + spell(digits, point);
}

function spell(digits: string, point: bigint): string {
  const count = BigInt(digits.length);
  if (point >= count && point - count <= 21n) return digits + '0'.repeat(Number(point - count));
  if (point > 0n && point < count) return `${digits.slice(0, Number(point))}.${digits.slice(Number(point))}`;
  if (point <= 0n && point > -6n) return `0.${'0'.repeat(Number(-point))}${digits}`;
  const exponent = point - 1n;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits[0]}${fraction}e${exponent < 0n ? '' : '+'}${exponent}`;
}

/** Whether the double nearest to a JSON number has, in its shortest spelling, the same decimal value. */
function isExact(token: string): boolean {
  const value = Number(token);
  return Number.isFinite(value) && canonicalDecimal(String(value)) === canonicalDecimal(token);
}

/** Puts quotes around the numbers of a valid JSON text that a double cannot hold; leaves all else, strings above all, as it is. */
function quoteInexactNumbers(text: string): string {
  let out = '';
  let copied = 0;
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(text, i);
    } else if (code === MINUS || isDigit(code)) {
      const start = i;
      do i++;
      while (i < text.length && isNumberPart(text.charCodeAt(i)));
      // Up to 15 digits with an exponent of up to 2 always survive; they are the great majority.
      if (i - start >= 5) {
        const token = text.slice(start, i);
        if (!isExact(token)) {
          out += `${text.slice(copied, start)}"${canonicalDecimal(token)}"`;
          copied = i;
        }
      }
    } else {
      i++;
    }
  }
  return copied === 0 ? text : out + text.slice(copied);
}

/** Index after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end >= 0) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Digits, point, exponent and its sign. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 46 || code === 101 || code === 69 || code === 43 || code === MINUS;
}
