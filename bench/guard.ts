/**
 * Does the guard keep its promise, and what does it cost? Worlds are drawn from a seed; people look at the guard on 40 days. Beside it runs
 * what a fixed-sample bound (Clopper and Pearson 1934) would have done at the same looks.
 *
 *   npm run --silent bench:guard -- [--worlds 2000] [--size 1]
 *
 * Ends with an error where the guard opened wrongly in so many worlds that a chance of 5 % would show as many less than once in a thousand runs
 * (all rows together).
 */
import { parseArgs } from 'node:util';
import { type Audit, addAudit, createGuard, type GuardState, guardThresholds } from '../packages/engine/src/guard.ts';
import { type Random, random } from '../packages/engine/src/math.ts';

const { values: options } = parseArgs({
  options: { worlds: { type: 'string', default: '2000' }, size: { type: 'string', default: '1' } },
});
const WORLDS = Math.max(20, Math.round(Number(options.worlds) * Number(options.size)));
const LOOKS = 40;
const RATE = 0.01;
const GRID = [0.99, 0.98, 0.97, 0.95, 0.9, 0.85, 0.8];

/** A world: how confident the model is, and how often it is wrong there. */
interface World {
  readonly draw: (source: Random) => { readonly confidence: number; readonly wrong: boolean; readonly chance: number };
  /** True share of wrong decisions among all alerts at or above a confidence. */
  readonly errorFrom: (threshold: number) => number;
  readonly leastChance: number;
}

console.log(`${WORLDS} worlds each, ${LOOKS} daily looks, at most ${100 * RATE} % wrong promised, 95 % sure`);
console.log('\nOpened wrongly at any look (share of worlds):');
console.log('| world | audits a day | guard | at most, 95 % sure | Clopper–Pearson at each look |\n|---|---|---|---|---|');
const LEVEL = 0.05;
/** Rows of the first table, to share the level of the check among them. */
const ROWS = 15;
let broken = 0;
for (const perDay of [10, 25, 100]) {
  row('error exactly 1 %, one threshold', perDay, [0.9], () => flat(RATE));
  row('error 1.2 %, one threshold', perDay, [0.9], () => flat(1.2 * RATE));
  row('none wrong above, exactly 1 % from the fourth of 7 thresholds', perDay, GRID, edge);
  row('the same, sure alerts drawn 3 times as often', perDay, GRID, (source) => edge(source, 3));
  row('thresholds made from 20 decisions, exactly 1 % from about the middle one', perDay, undefined, slope);
}

console.log('\nAudits of freed decisions until it opens (one threshold):');
console.log('| true error | median | 90th percentile | opened within 4,000 |\n|---|---|---|---|');
for (const error of [0, 0.0005, 0.001, 0.002, 0.003, 0.005]) opening(error);

console.log('\nClosing, after 1,000 audits at 0.2 %, when the error becomes:');
console.log('| true error then | closed within 1,000 audits | median audits until closed |\n|---|---|---|');
for (const error of [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3]) closing(error);

if (broken > 0) {
  process.stderr.write(`bench:guard: the guard broke its promise in ${broken} of the rows above\n`);
  process.exitCode = 1;
}

/** @param thresholds made from decisions of the world before the first audit where left out, as the service does. */
function row(name: string, perDay: number, thresholds: readonly number[] | undefined, world: (source: Random) => World): void {
  let ours = 0;
  let theirs = 0;
  for (let w = 0; w < WORLDS; w++) {
    const source = random(1_000_003 * w + perDay);
    const drawn = world(source);
    const { guard, fixed } = live(drawn, source, thresholds ?? madeFrom(drawn, source), perDay);
    ours += guard ? 1 : 0;
    theirs += fixed ? 1 : 0;
  }
  // Chance of at least so many at a chance of 5 % for each world.
  if (ours > 0 && 1 - binomialAtMost(ours - 1, WORLDS, LEVEL) < 0.001 / ROWS) broken++;
  console.log(`| ${name} | ${perDay} | ${share(ours)} | ${percentOf(upperBound(ours))} | ${share(theirs)} |`);
}

/** The highest chance at which so few of the worlds would still be seen one time in twenty (Clopper and Pearson 1934). */
function upperBound(count: number): number {
  let [low, high] = [count / WORLDS, 1];
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (binomialAtMost(count, WORLDS, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

function madeFrom(world: World, source: Random): readonly number[] {
  return guardThresholds(Array.from({ length: 20 }, () => world.draw(source).confidence));
}

/** Lives through one world; whether each of the two ever freed a set of alerts with more errors than promised. */
function live(world: World, source: Random, thresholds: readonly number[], perDay: number): { guard: boolean; fixed: boolean } {
  const bad = thresholds.map((threshold) => world.errorFrom(threshold) > RATE * (1 - 1e-9));
  const trials = thresholds.map(() => 0);
  const wrongs = thresholds.map(() => 0);
  let state = createGuard({ label: 'Drop', maxErrorRate: RATE, thresholds });
  let guard = false;
  let fixed = false;
  for (let look = 0; look < LOOKS; look++) {
    for (let a = 0; a < perDay; a++) {
      const { confidence, wrong, chance } = world.draw(source);
      thresholds.forEach((threshold, t) => {
        if (confidence < threshold) return;
        trials[t]!++;
        if (wrong) wrongs[t]!++;
      });
      state = addAudit(state, audit(confidence, wrong, chance, world.leastChance));
    }
    guard ||= state.closed === null && state.passed > 0 && bad[state.passed - 1]!;
    let passed = 0;
    while (passed < thresholds.length && binomialAtMost(wrongs[passed]!, trials[passed]!, RATE) <= 0.05) passed++;
    fixed ||= passed > 0 && bad[passed - 1]!;
  }
  return { guard, fixed };
}

function opening(error: number): void {
  const needed: number[] = [];
  for (let w = 0; w < WORLDS; w++) {
    const source = random(7_919 * w + 13);
    let state = createGuard({ label: 'Drop', maxErrorRate: RATE, thresholds: [0.9] });
    let n = 0;
    while (state.passed === 0 && n < 4000) {
      state = addAudit(state, audit(0.95, source.next() < error, 0.05, 0.05));
      n++;
    }
    needed.push(state.passed > 0 ? n : Number.POSITIVE_INFINITY);
  }
  needed.sort((a, b) => a - b);
  const at = (q: number) => named(needed[Math.floor(q * (needed.length - 1))]!);
  console.log(`| ${100 * error} % | ${at(0.5)} | ${at(0.9)} | ${share(needed.filter(Number.isFinite).length)} |`);
}

function closing(error: number): void {
  const delays: number[] = [];
  for (let w = 0; w < WORLDS; w++) {
    const source = random(104_729 * w + 5);
    let state = opened();
    for (let a = 0; a < 1000; a++) state = addAudit(state, audit(0.95, source.next() < 0.002, 0.05, 0.05));
    if (state.closed !== null) continue;
    let n = 0;
    while (state.closed === null && n < 1000) {
      state = addAudit(state, audit(0.95, source.next() < error, 0.05, 0.05));
      n++;
    }
    delays.push(state.closed === null ? Number.POSITIVE_INFINITY : n);
  }
  delays.sort((a, b) => a - b);
  const closed = delays.filter(Number.isFinite).length;
  console.log(`| ${100 * error} % | ${((100 * closed) / delays.length).toFixed(1)} % | ${named(delays[delays.length >> 1]!)} |`);
}

function opened(): GuardState {
  let state = createGuard({ label: 'Drop', maxErrorRate: RATE, thresholds: [0.9] });
  while (state.passed === 0) state = addAudit(state, audit(0.95, false, 0.05, 0.05));
  return state;
}

function audit(confidence: number, wrong: boolean, chance: number, leastChance: number): Audit {
  return { label: 'Drop', confidence, excluded: false, outcome: wrong ? 'wrong' : 'right', chance, leastChance };
}

/** Every decision is equally likely to be wrong. */
function flat(error: number): World {
  return {
    draw: (source) => ({ confidence: 0.95, wrong: source.next() < error, chance: 0.05 }),
    errorFrom: () => error,
    leastChance: 0.05,
  };
}

/**
 * Confidence in seven steps with random shares. Nothing is wrong in the stricter half; from the fourth step on just so much that exactly 1 % of
 * all that the fourth threshold frees is wrong, and more below: the sharpest edge to stop at. `sure` makes the stricter half that many
 * times as likely to be audited, which would hide the errors if chances were ignored.
 */
function edge(source: Random, sure = 1): World {
  const shares = GRID.map(() => 0.1 + source.next());
  const upTo = (g: number) => shares.slice(0, g + 1).reduce((sum, s) => sum + s, 0);
  const errors = GRID.map((_, g) => (g < 3 ? 0 : g === 3 ? Math.min(1, (RATE * upTo(3)) / shares[3]!) : 2 * RATE));
  const chances = GRID.map((_, g) => 0.02 * (g < 3 ? sure : 1));
  const drawn = shares.map((s, g) => s * chances[g]!);
  const total = drawn.reduce((sum, s) => sum + s, 0);
  return {
    draw: (from) => {
      let at = from.next() * total;
      let g = 0;
      while (g < GRID.length - 1 && at >= drawn[g]!) at -= drawn[g++]!;
      return { confidence: GRID[g]!, wrong: from.next() < errors[g]!, chance: chances[g]! };
    },
    errorFrom: (threshold) => {
      let [sum, wrong] = [0, 0];
      GRID.forEach((confidence, g) => {
        if (confidence < threshold) return;
        sum += shares[g]!;
        wrong += shares[g]! * errors[g]!;
      });
      return wrong / sum;
    },
    leastChance: 0.02,
  };
}

/**
 * Confidence spread evenly from 0.8 to 1, errors that grow with doubt: none wrong in the surest part, then ever more, so that exactly 1 % of what
 * lies above some point near the middle is wrong.
 */
function slope(source: Random): World {
  const middle = 0.3 + 0.4 * source.next();
  const sure = middle * source.next();
  // Share of all decisions above a confidence, and how many of these are wrong, as errors grow in a straight line from `sure` on.
  const steep = (2 * RATE * middle) / (middle - sure) ** 2;
  const rank = (confidence: number) => (1 - confidence) / 0.2;
  return {
    draw: (from) => {
      const at = from.next();
      const error = Math.min(1, Math.max(0, steep * (at - sure)));
      return { confidence: 1 - 0.2 * at, wrong: from.next() < error, chance: 0.05 };
    },
    errorFrom: (threshold) => {
      const to = Math.min(1, rank(threshold));
      const full = sure + 1 / steep;
      const line = Math.min(to, full);
      const wrong = (line > sure ? (steep * (line - sure) ** 2) / 2 : 0) + Math.max(0, to - full);
      return wrong / to;
    },
    leastChance: 0.05,
  };
}

/** Chance of at most `k` of `n` at rate `p`: the upper Clopper–Pearson bound lies below p exactly when this is at most 1 − confidence. */
function binomialAtMost(k: number, n: number, p: number): number {
  let term = (1 - p) ** n;
  let sum = term;
  for (let i = 1; i <= k; i++) {
    term *= ((n - i + 1) / i) * (p / (1 - p));
    sum += term;
  }
  return n === 0 ? 1 : sum;
}

function share(count: number): string {
  return percentOf(count / WORLDS);
}

function percentOf(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

function named(n: number): string {
  return Number.isFinite(n) ? String(n) : 'over the limit';
}
