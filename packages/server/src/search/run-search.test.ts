import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAlert } from '@verdict/engine';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { insertEvent, retireVersion } from '../ingest/event-store.ts';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { collectorOf } from './aggregate.ts';
import { readAggregations } from './aggs-dsl.ts';
import { DslReader } from './dsl.ts';
import { matches } from './evaluate.ts';
import { EventFacts } from './event-facts.ts';
import { termsOf } from './event-terms.ts';
import { NEWEST } from './hits.ts';
import { IndexStore } from './index-store.ts';
import type { Found, SearchOrder, Want } from './order.ts';
import type { SearchDocument } from './query.ts';
import { runSearch } from './run-search.ts';
import { SearchStore } from './search-store.ts';
import { TermHash } from './term-hash.ts';
import { anyAlert, anyQuery, JOB, NOON } from './testing.ts';

const OTHER = { ...JOB, id: 1202, title: 'Mail' };
let folder: string;
let storage: Storage;
let index: IndexStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-search-'));
  storage = openSqlite(folder);
  index = new IndexStore(storage.file, join(folder, 'search.db'));
});
afterEach(async () => {
  index.close();
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Puts alerts in; every fifth replaces one before it. */
async function store(alerts: readonly object[]): Promise<void> {
  await storage.write(async (tx) => {
    for (const classNo of [0, 1]) {
      await tx.run(
        `INSERT OR IGNORE INTO decisions (id, job_id, model_id, key, point_values, class_no, probabilities, confidence, outlier, labelled, made_at)
         VALUES (?, ?, 1, ?, '[]', ?, '{}', ?, 0, 0, ?)`,
        classNo + 1,
        JOB.id,
        `k${classNo}`,
        classNo,
        0.5 + classNo * 0.4,
        NOON,
      );
    }
    let last = 0;
    for (const [number, alert] of alerts.entries()) {
      const replaces = number % 5 === 4;
      if (replaces) await retireVersion(tx, last);
      last = await insertEvent(tx, {
        jobId: number % 3 === 2 && !replaces && number % 5 !== 3 ? OTHER.id : JOB.id,
        eventId: `e${replaces ? number - 1 : number}`,
        version: replaces ? 2 : 1,
        bodyHash: Buffer.from(String(number)),
        duplicated: false,
        title: number % 2 ? 'Nightly sweep' : null,
        severity: number,
        dataSource: null,
        storageTag: number % 4 === 0 ? 'lab' : null,
        ingestedAt: NOON + number,
        eventAt: NOON - number * 3_600_000_000,
        keyId: null,
        group: null,
        pointsVersion: 0,
        bucketId: null,
        decisionId: [null, 1, 2][number % 3]!,
        body: Buffer.from(JSON.stringify(alert)),
      });
    }
  });
}

/** Takes so many of the next events into the index. */
function takeIn(count: number): void {
  const rows = index.next(index.lastSeq).slice(0, count);
  const hash = new TermHash(index.key);
  const current = rows.filter((row) => row.is_current === 1);
  const replaced = current.map((row) => index.replacedBy(row)).filter((seq) => seq !== undefined);
  if (rows.length > 0)
    index.take(
      current.map((row) => ({ seq: row.seq, terms: termsOf(row, parseAlert(row.body ?? '{}'), hash) })),
      replaced,
      rows.at(-1)!.seq,
    );
}

function search(reader: SearchStore, query: object, want: Want, jobs = [JOB, OTHER]): ReturnType<typeof runSearch> {
  const order: SearchOrder = {
    file: storage.file,
    index: 'there',
    jobs,
    query: new DslReader(NOON).read({ value: query, at: 'query' }),
    want,
  };
  return runSearch(reader, order);
}

/** All current events, newest first, as the evaluator gets them. */
function documents(reader: SearchStore): SearchDocument[] {
  const facts = new EventFacts(reader, [JOB, OTHER]);
  const span = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };
  return [JOB, OTHER]
    .flatMap(({ id }) => [...reader.walk({ ...span, jobId: id }, 0)].map((row) => facts.document(row)))
    .sort((a, b) => b.seq - a.seq);
}

const idsIn = (found: Found): string[] => (found.kind === 'ids' ? found.ids.map(({ eventId }) => eventId) : []);

describe('searching stored events', () => {
  it('gives what the evaluator gives, however far the index is, for any alerts and queries', async () => {
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyAlert, { minLength: 1, maxLength: 12 }),
        fc.nat(20),
        fc.array(anyQuery, { minLength: 10, maxLength: 20 }),
        async (alerts, taken, queries) => {
          await storage.write(async (tx) => {
            await tx.run('DELETE FROM events');
            await tx.run('DELETE FROM event_bodies');
          });
          await store(alerts);
          index.close();
          index = new IndexStore(storage.file, join(folder, `search-${number++}.db`));
          takeIn(taken);
          const reader = new SearchStore(storage.file, join(folder, `search-${number - 1}.db`));
          try {
            const all = documents(reader);
            for (const one of queries) {
              const wanted = new DslReader(NOON).read({ value: one, at: 'query' });
              const expected = all.filter((document) => matches(wanted, document)).map(({ id }) => id);
              const found = idsIn(search(reader, one, { kind: 'ids' }).found);
              expect([one, found.toSorted()]).toEqual([one, expected.toSorted()]);
            }
          } finally {
            reader.close();
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('counts, orders and aggregates what it finds', async () => {
    const alerts = Array.from({ length: 30 }, (_, number) => ({ a: number % 3, b: number % 2 ? 'odd one' : 'even one' }));
    await store(alerts);
    takeIn(20);
    const reader = new SearchStore(storage.file, join(folder, 'search.db'));
    const aggs = { by: { terms: { field: 'a' }, aggs: { latest: { max: { field: '@timestamp' } } } } };
    const aggregations = readAggregations({ value: aggs, at: 'aggs' }, new DslReader(NOON));
    const want: Want = {
      kind: 'elastic',
      from: 1,
      size: 3,
      sort: NEWEST,
      after: undefined,
      source: false,
      aggregations,
      pointsOnly: false,
    };
    const { found, effort } = search(reader, { match: { b: 'odd' } }, want);
    const body = JSON.parse(found.kind === 'json' ? found.text : '') as {
      hits: { total: { value: number }; hits: { _id: string }[] };
      aggregations: object;
    };
    const expected = documents(reader).filter((document) => document.values('b').includes('odd one'));
    expect(body.hits.total.value).toBe(expected.length);
    expect(body.hits.hits.map(({ _id }) => _id)).toEqual(
      expected
        .toSorted((a, b) => b.times('@timestamp')[0]! - a.times('@timestamp')[0]!)
        .slice(1, 4)
        .map(({ id }) => id),
    );
    const collector = collectorOf(aggregations);
    for (const document of expected) collector.add(document);
    expect(body.aggregations).toEqual(JSON.parse(JSON.stringify(collector.result())));
    expect(effort.indexed).toBe(true);
    expect(effort.looked).toBeLessThan(26);
    reader.close();
  });

  it('finds through the index without reading alerts, and nothing that was replaced or removed', async () => {
    await store([{ user: 'ann' }, { user: 'bob' }, { user: 'ann' }, { user: 'ann' }, { user: 'bob' }]);
    takeIn(10);
    const reader = new SearchStore(storage.file, join(folder, 'search.db'));
    const { found, effort } = search(reader, { term: { user: 'ann' } }, { kind: 'ids' });
    // The fourth was replaced by the fifth.
    expect(idsIn(found)).toEqual(['e0', 'e2']);
    expect(effort).toEqual({ looked: 2, parsed: 0, indexed: true });
    await storage.write((tx) => tx.run(`DELETE FROM events WHERE event_id = 'e0'`));
    expect(idsIn(search(reader, { term: { user: 'ann' } }, { kind: 'ids' }).found)).toEqual(['e2']);
    expect(index.sweep(0)).toBe(0);
    expect(idsIn(search(reader, { term: { user: 'ann' } }, { kind: 'ids' }).found)).toEqual(['e2']);
    reader.close();
  });

  it('parses an alert once for a field that is asked for again', async () => {
    await store(Array.from({ length: 10 }, (_, number) => ({ a: number, long: 'x'.repeat(400) })));
    const reader = new SearchStore(storage.file, null);
    const parsed = (query: object) => search(reader, query, { kind: 'ids' }).effort.parsed;
    expect([parsed({ range: { a: { gte: 3 } } }), parsed({ range: { a: { gte: 5 } } })]).toEqual([8, 0]);
    expect([parsed({ prefix: { long: 'x' } }), parsed({ prefix: { long: 'xx' } })]).toEqual([8, 8]);
    reader.close();
  });

  it('finds in alerts with more words than the index keeps', async () => {
    const words = Array.from({ length: 6_000 }, (_, number) => `w${number}`).join(' ');
    await store([{ text: words }, { text: 'w17 alone' }]);
    takeIn(10);
    const reader = new SearchStore(storage.file, join(folder, 'search.db'));
    expect(idsIn(search(reader, { match: { text: 'w5999' } }, { kind: 'ids' }).found)).toEqual(['e0']);
    expect(idsIn(search(reader, { match: { text: 'w17' } }, { kind: 'ids' }).found)).toEqual(['e0', 'e1']);
    reader.close();
  });

  it('makes the index anew when it belongs to other events', async () => {
    await store([{ user: 'ann' }]);
    takeIn(10);
    const { key } = index;
    index.close();
    index = new IndexStore(storage.file, join(folder, 'search.db'));
    expect([index.key, index.lastSeq]).toEqual([key, 1]);
    await storage.write((tx) => tx.run('UPDATE events SET body_hash = ?', Buffer.from('another')));
    index.close();
    index = new IndexStore(storage.file, join(folder, 'search.db'));
    expect(index.lastSeq).toBe(0);
    expect(index.key).not.toBe(key);
  });
});
