import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAlert } from '@verdict/engine';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insertEvent, retireVersion } from '../ingest/event-store.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { collectorOf } from './aggregate.ts';
import { readAggregations } from './aggs-dsl.ts';
import { PIECE } from './column-piece.ts';
import { DslReader } from './dsl.ts';
import { matches } from './evaluate.ts';
import { EventFacts } from './event-facts.ts';
import { termsOf } from './event-terms.ts';
import { removeGone } from './gone-store.ts';
import { comparePlaced, sortValues } from './hits.ts';
import { readSort } from './hits-dsl.ts';
import { IndexStore, NEXT_EVENTS } from './index-store.ts';
import type { Want } from './order.ts';
import type { SearchDocument } from './query.ts';
import { runSearch } from './run-search.ts';
import { SearchStore } from './search-store.ts';
import { TermHash } from './term-hash.ts';
import { anyAlert, anyQuery, JOB, NOON, PATHS } from './testing.ts';

const OTHER = { ...JOB, id: 1202, title: 'Mail' };
const HOUR = 3_600_000_000;
let folder: string;
let storage: Storage;
let index: IndexStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-columns-'));
  storage = openSqlite(folder);
  index = new IndexStore(storage.file, join(folder, 'search.db'));
  await storage.write(async (tx) => {
    for (const classNo of [0, 1])
      await tx.run(
        `INSERT INTO decisions (id, job_id, model_id, key, point_values, class_no, probabilities, confidence, outlier, labelled, made_at)
         VALUES (?, ?, 1, ?, '[]', ?, '{}', ?, 0, 0, ?)`,
        classNo + 1,
        JOB.id,
        `k${classNo}`,
        classNo,
        0.5 + classNo * 0.4,
        NOON,
      );
  });
});
afterEach(async () => {
  index.close();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Stored {
  readonly alert: object;
  readonly job: number;
  /** Numbers that no event has, before this one. */
  readonly gap: number;
}

let serial = 0;

/** Stores alerts with gaps between their numbers, so that a few of them fill many pieces. */
async function store(events: readonly Stored[]): Promise<number[]> {
  return storage.write(async (tx) => {
    const seqs: number[] = [];
    for (const { alert, job, gap } of events) {
      await tx.run(`UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'events'`, gap);
      const number = serial++;
      seqs.push(
        await insertEvent(tx, {
          jobId: job,
          eventId: `e${number}`,
          version: 1,
          bodyHash: Buffer.from(String(number)),
          duplicated: false,
          title: number % 2 ? 'Nightly sweep' : null,
          severity: number,
          dataSource: null,
          storageTag: number % 4 === 0 ? 'lab' : null,
          ingestedAt: NOON + number,
          eventAt: NOON - (number % 7) * HOUR,
          keyId: null,
          group: null,
          pointsVersion: 0,
          bucketId: null,
          decisionId: [null, 1, 2][number % 3]!,
          body: Buffer.from(JSON.stringify(alert)),
        }),
      );
    }
    return seqs;
  });
}

/** Takes in what is there, as the index thread does, but for the building of columns. */
function takeIn(): void {
  const hash = new TermHash(index.key);
  for (let rows = index.next(index.lastSeq); rows.length > 0; rows = index.next(index.lastSeq)) {
    const current = rows.filter((row) => row.is_current === 1);
    const replaced = current.map((row) => index.replacedBy(row)).filter((seq) => seq !== undefined);
    const taken = current.map((row) => {
      const alert = parseAlert(row.body ?? '{}');
      index.columns.note(row.seq, alert);
      return { seq: row.seq, terms: termsOf(row, alert, hash) };
    });
    index.take(taken, replaced, rows.at(-1)!.seq);
  }
  while (index.columns.advance(index.lastSeq));
}

function want(body: Body, dsl: DslReader): Want & { kind: 'elastic' } {
  return {
    kind: 'elastic',
    from: 0,
    size: body.size ?? 0,
    sort: readSort({ value: body.sort, at: 'sort' }),
    after: undefined,
    source: false,
    aggregations: readAggregations({ value: body.aggs, at: 'aggs' }, dsl),
    pointsOnly: false,
  };
}

interface Body {
  readonly aggs?: object;
  readonly sort?: unknown;
  readonly size?: number;
}

/** What a search answers, and what the evaluator alone makes of the same events. */
function both(reader: SearchStore, query: object, body: Body): { found: unknown; expected: unknown } {
  const dsl = new DslReader(NOON);
  const wanted = want(body, dsl);
  const asked = dsl.read({ value: query, at: 'query' });
  const order = { file: storage.file, index: 'there', jobs: [JOB, OTHER], query: asked, want: wanted };
  const { found } = runSearch(reader, order);
  const text = JSON.parse(found.kind === 'json' ? found.text : '{}') as {
    hits: { total: { value: number }; hits: { _id: string }[] };
    aggregations?: object;
  };
  const meant = documents(reader).filter((document) => matches(asked, document));
  const collector = collectorOf(wanted.aggregations);
  for (const document of meant) collector.add(document);
  const placed = meant.map((document) => ({ id: document.id, seq: document.seq, sort: sortValues(document, wanted.sort) }));
  placed.sort(comparePlaced(wanted.sort));
  return {
    found: { total: text.hits.total.value, ids: text.hits.hits.map(({ _id }) => _id), aggregations: text.aggregations ?? {} },
    expected: {
      total: meant.length,
      ids: placed.slice(0, wanted.size).map(({ id }) => id),
      aggregations: JSON.parse(JSON.stringify(collector.result())) as object,
    },
  };
}

function open(): SearchStore {
  return new SearchStore(storage.file, join(folder, 'search.db'));
}

/** All current events, newest first, read without any column. */
function documents(reader: SearchStore): SearchDocument[] {
  return reader.snapshot(() => {
    const facts = new EventFacts(reader, [JOB, OTHER]);
    const span = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
    return [JOB, OTHER]
      .flatMap(({ id }) => [...reader.walk({ ...span, jobId: id }, 0)].map((row) => facts.document(row)))
      .sort((a, b) => b.seq - a.seq);
  });
}

const field = fc.constantFrom(
  ...PATHS,
  ...['confidence_score', 'outlier_flag', 'attention', 'attention.undecided_consensus', 'model', 'previous_result'].map(
    (name) => `arcanna.${name}`,
  ),
  ...['arcanna', 'arcanna.there_is_none', 'arcanna.result.below', 'metadata.severity'],
);
const leaf: fc.Arbitrary<object> = fc.oneof(
  field.map((path) => ({ min: { field: path } })),
  field.map((path) => ({ max: { field: path } })),
  field.map((path) => ({ value_count: { field: path } })),
  fc
    .tuple(field, fc.constantFrom('x', undefined))
    .map(([path, missing]) => ({ cardinality: { field: path, ...(missing ? { missing } : {}) } })),
  field.map((path) => ({ percentiles: { field: path, percents: [10, 50] } })),
);
const aggregation: fc.Arbitrary<object> = fc.letrec<{ one: object }>((tie) => {
  const subs = fc.option(fc.record({ s: tie('one') }), { nil: undefined });
  const bucket = (of: fc.Arbitrary<object>): fc.Arbitrary<object> =>
    fc.tuple(of, subs).map(([one, aggs]) => (aggs ? { ...one, aggs } : one));
  return {
    one: fc.oneof(
      { maxDepth: 2 },
      leaf,
      bucket(
        fc
          .tuple(field, fc.constantFrom('none', undefined))
          .map(([path, missing]) => ({ terms: { field: path, size: 5, ...(missing ? { missing } : {}) } })),
      ),
      bucket(field.map((path) => ({ missing: { field: path } }))),
      bucket(
        fc
          .tuple(field, fc.constantFrom<object>({ fixed_interval: '2h' }, { calendar_interval: 'month', time_zone: '+02:00' }))
          .map(([path, interval]) => ({ date_histogram: { field: path, ...interval, min_doc_count: 1 } })),
      ),
      bucket(
        field
          .filter((path) => path !== '@timestamp')
          .map((path) => ({ histogram: { field: path, interval: 3, min_doc_count: 1 } })),
      ),
      bucket(field.map((path) => ({ range: { field: path, ranges: [{ to: 2 }, { from: 1, to: 3 }] } }))),
      bucket(anyQuery.map((query) => ({ filter: query }))),
      bucket(fc.tuple(anyQuery, anyQuery).map(([a, b]) => ({ filters: { filters: { a, b }, other_bucket: true } }))),
    ),
  };
}).one;
const events = (most: number): fc.Arbitrary<Stored[]> =>
  fc.array(
    fc.record({ alert: anyAlert, job: fc.constantFrom(JOB.id, JOB.id, OTHER.id), gap: fc.constantFrom(0, 1, 700, 2_000) }),
    {
      minLength: 1,
      maxLength: most,
    },
  );
const asked = fc.array(
  fc.record({
    query: anyQuery,
    aggs: fc.record({ one: aggregation, two: aggregation }),
    sort: fc.tuple(field, fc.constantFrom('asc', 'desc')),
  }),
  { minLength: 6, maxLength: 10 },
);

describe('reading on', () => {
  it('looks up the next events and their records, whatever else is stored', () => {
    const db = new Database(storage.file, { readonly: true });
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${NEXT_EVENTS}`).all(1) as { detail: string }[];
    db.close();
    expect(plan.map(({ detail }) => detail).filter((detail) => /^(SCAN|MATERIALIZE|USE TEMP)/.test(detail))).toEqual([]);
  });
});

describe('a query that names events', () => {
  it('finds none that is not current any more', async () => {
    serial = 0;
    const [first] = await store([1, 2].map((n) => ({ alert: { n }, job: JOB.id, gap: 0 })));
    takeIn();
    await storage.write((tx) => retireVersion(tx, first!));
    const reader = open();
    const { found, expected } = both(reader, { ids: { values: ['e0', 'e1'] } }, { size: 7, sort: [{ '@timestamp': 'asc' }] });
    expect(found).toEqual(expected);
    expect(found).toMatchObject({ total: 1, ids: ['e1'] });
    reader.close();
  });
});

describe('columns', () => {
  it('change no answer, whichever of their pieces are there, and whatever happens to events since', async () => {
    await fc.assert(
      fc.asyncProperty(
        events(24),
        events(4),
        fc.subarray(['a', 'b', 'a.b', 'list.name', 'list', 'when', 'gone']),
        fc.nat(6),
        fc.array(fc.record({ place: fc.nat(30), what: fc.constantFrom('replace', 'remove', 'decide', 'tag') }), { maxLength: 6 }),
        fc.boolean(),
        asked,
        async (before, after, paths, built, changes, told, questions) => {
          await storage.write(async (tx) => {
            await tx.run('DELETE FROM events');
            // Queries name the first ids.
            serial = 0;
            await tx.run('DELETE FROM event_bodies');
          });
          for (let round = 0; round < 2; round++) index.columns.asked(paths, 1_000);
          const seqs = await store(before);
          takeIn();
          for (let step = 0; step < built; step++) index.columns.build();
          // What it remembers from before the changes must not be told after them.
          const reader = open();
          both(reader, { match_all: {} }, { aggs: questions[0]!.aggs, size: 3 });
          for (const { place, what } of changes) {
            const seq = seqs[place % seqs.length]!;
            await storage.write(async (tx) => {
              if (what === 'replace') await retireVersion(tx, seq);
              else if (what === 'remove') await tx.run('DELETE FROM events WHERE seq = ?', seq);
              else if (what === 'decide') await tx.run('UPDATE events SET decision_id = 2 WHERE seq = ?', seq);
              else await tx.run(`UPDATE events SET storage_tag = 'other', status = 'pending_inference' WHERE seq = ?`, seq);
            });
          }
          if (told) index.columns.forget();
          await store(after);
          for (const { query, aggs, sort } of questions) {
            const { found, expected } = both(reader, query, { aggs, size: 7, sort: [{ [sort[0]]: sort[1] }] });
            expect({ query, aggs, sort, found }).toEqual({ query, aggs, sort, found: expected });
          }
          reader.close();
        },
      ),
      { numRuns: 12 },
    );
  });

  it('spare the reading of alerts', async () => {
    const alerts = Array.from({ length: 40 }, (_, number) => ({
      alert: { n: number % 5, deep: { k: [number, 'x'] } },
      job: JOB.id,
      gap: 300,
    }));
    for (let round = 0; round < 2; round++) index.columns.asked(['n', 'deep.k'], 1_000);
    await store(alerts);
    takeIn();
    while (index.columns.build());
    expect([index.columns.pieces, index.columns.missing]).toEqual([Math.floor((39 * 301 + 2) / PIECE), 0]);
    const reader = open();
    const dsl = new DslReader(NOON);
    const order = {
      file: storage.file,
      index: 'there',
      jobs: [JOB],
      query: dsl.read({ value: { range: { n: { gte: 3 } } }, at: 'query' }),
      want: want({ aggs: { k: { terms: { field: 'deep.k.keyword' } } } }, dsl),
    };
    const { effort, found } = runSearch(reader, order);
    const inPieces = Math.floor((index.columns.pieces * PIECE - 2) / 301) + 1;
    expect([found.kind === 'json' && found.total, effort.parsed]).toEqual([16, 40 - inPieces]);
    reader.close();
  });

  it('are kept for decision points and for what is asked for more than once, and go when nobody asks any more', async () => {
    const day = 86_400_000;
    await storage.write(async (tx) => {
      await tx.run(
        `INSERT INTO jobs (id, title, category, points_version, created_at, created_by, updated_at) VALUES (?, 'A', 'x', 2, 0, 'test', 0)`,
        JOB.id,
      );
      for (const [version, points] of [
        [1, '["old"]'],
        [2, '["rule.name","host"]'],
      ] as const)
        await tx.run(
          `INSERT INTO point_versions (job_id, version, points, created_at, created_by) VALUES (?, ?, ?, 0, 'test')`,
          JOB.id,
          version,
          points,
        );
    });
    const { columns } = index;
    columns.choose(day);
    columns.asked(['often', 'once'], day);
    expect(columns.paths).toEqual(['rule.name', 'host']);
    columns.asked(['often'], 2 * day);
    expect(columns.paths).toEqual(['rule.name', 'host', 'often']);
    columns.choose(15 * day);
    expect(columns.paths).toEqual(['rule.name', 'host', 'often']);
    await storage.write((tx) => tx.run('UPDATE jobs SET points_version = 1'));
    columns.choose(17 * day);
    expect(columns.paths).toEqual(['old']);
  });

  it('need the list of events that are gone no longer than until they took it in', async () => {
    await store([{ alert: { n: 1 }, job: JOB.id, gap: 0 }]);
    await storage.write(async (tx) => {
      for (let n = 0; n < 6_000; n++) await tx.run('INSERT INTO gone_events (seq) VALUES (?)', n + 10);
    });
    while (index.columns.forget());
    expect(index.columns.goneUntil).toBe(6_000);
    const left = () => storage.read((tx) => tx.get<{ n: number }>('SELECT count(*) AS n FROM gone_events'));
    expect(await storage.write((tx) => removeGone(tx, 5_500))).toBe(5_000);
    expect(await storage.write((tx) => removeGone(tx, 5_500))).toBe(5_500);
    expect(await left()).toEqual({ n: 500 });
    expect(await storage.write((tx) => removeGone(tx, 5_500))).toBe(5_500);
  });

  it('are at most 64; those asked for last stay', () => {
    const names = Array.from({ length: 70 }, (_, number) => `f${number}`);
    for (const [at, name] of names.entries()) for (let round = 0; round < 2; round++) index.columns.asked([name], at);
    expect(index.columns.paths).toEqual(names.slice(6));
  });

  it('leave out fields whose values are long texts', async () => {
    for (let round = 0; round < 2; round++) index.columns.asked(['text', 'n'], 1_000);
    const text = `${'x'.repeat(270_000)} word `;
    await store(Array.from({ length: 12 }, (_, n) => ({ alert: { n, text: `${text}${n}` }, job: JOB.id, gap: PIECE - 1 })));
    takeIn();
    while (index.columns.build());
    expect(index.columns.paths).toEqual(['n']);
    const reader = open();
    const { found, expected } = both(reader, { match_phrase: { text: 'word 3' } }, { size: 5 });
    reader.close();
    expect(found).toEqual(expected);
  });

  it('go on after a restart in the middle of a piece, and are built anew for another database', async () => {
    for (let round = 0; round < 2; round++) index.columns.asked(['n'], 1_000);
    await store([{ alert: { n: 1 }, job: JOB.id, gap: 10 }]);
    takeIn();
    index.close();
    index = new IndexStore(storage.file, join(folder, 'search.db'));
    await store([
      { alert: { n: 2 }, job: JOB.id, gap: 10 },
      { alert: { n: 3 }, job: JOB.id, gap: PIECE },
    ]);
    takeIn();
    expect([index.columns.paths, index.columns.pieces, index.columns.missing]).toEqual([['n'], 1, 1]);
    expect(index.columns.build()).toBe(true);
    const reader = open();
    const { found, expected } = both(reader, { match_all: {} }, { aggs: { sum: { sum: { field: 'n' } } } });
    reader.close();
    expect(found).toEqual(expected);
    await storage.write((tx) => tx.run('UPDATE events SET body_hash = ?', Buffer.from('another')));
    index.close();
    index = new IndexStore(storage.file, join(folder, 'search.db'));
    expect([index.columns.paths, index.columns.pieces]).toEqual([[], 0]);
  });
});
