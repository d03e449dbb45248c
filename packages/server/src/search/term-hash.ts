/**
 * Terms of the search index: a path with the equality key of a value, and words, each as a keyed hash of 64 bits. Keyed, so that nobody who
 * sends alerts can make two things look alike.
 *
 * HalfSipHash-1-3 with 64 bits of output (Aumasson and Bernstein, 2012: "SipHash: a fast short-input PRF"; the half variant works on words of
 * 32 bits), over UTF-16 code units.
 */
export class TermHash {
  readonly #key0: number;
  readonly #key1: number;

  /** @param key 16 hexadecimal digits. @throws RangeError for anything else. */
  constructor(key: string) {
    if (!/^[0-9a-f]{16}$/.test(key)) throw new RangeError('the key of the hashes must be 16 hexadecimal digits');
    this.#key0 = Number.parseInt(key.slice(0, 8), 16) | 0;
    this.#key1 = Number.parseInt(key.slice(8), 16) | 0;
  }

  /** The term of a value at a path: 14 letters and digits. */
  value(path: string, equalityKey: string): string {
    return this.#term(`v${path.length}:${path}=${equalityKey}`);
  }

  /** The term of a word in any field. */
  word(word: string): string {
    return this.#term(`w${word}`);
  }

  #term(text: string): string {
    let v0 = this.#key0;
    let v1 = this.#key1 ^ 0xee;
    let v2 = 0x6c796765 ^ this.#key0;
    let v3 = 0x74656462 ^ this.#key1;
    let low = 0;
    const { length } = text;
    // Two code units make one block; the last block has the unit left over, and the length. Six more rounds without input follow.
    const whole = length >> 1;
    for (let round = 0; round < whole + 7; round++) {
      let block = 0;
      if (round < whole) block = text.charCodeAt(2 * round) | (text.charCodeAt(2 * round + 1) << 16);
      else if (round === whole) block = (length & 1 ? text.charCodeAt(length - 1) : 0) | (length << 16);
      else if (round === whole + 1) v2 ^= 0xee;
      else if (round === whole + 4) {
        low = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= block;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= block;
    }
    return digits(low) + digits(v1 ^ v3);
  }
}

/** Seven digits of base 36 hold 32 bits. */
function digits(word: number): string {
  return (word >>> 0).toString(36).padStart(7, '0');
}
