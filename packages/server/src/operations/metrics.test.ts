import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite } from '../storage/sqlite.ts';
import type { Storage } from '../storage/storage.ts';
import { Metrics } from './metrics.ts';

let folder: string;
let storage: Storage;
let metrics: Metrics;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verdict-metrics-'));
  storage = openSqlite(folder);
  metrics = new Metrics({ version: '0.1.0', storage });
});

afterEach(async () => {
  await storage.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The value of a series, as Prometheus would read it. */
async function value(series: string): Promise<number | undefined> {
  const line = (await metrics.text()).split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

describe('metrics', () => {
  it('count from zero, so that the first increment is seen as one', async () => {
    expect(await value('verdict_events_total{result="refused"}')).toBe(0);
    expect(await value('verdict_feedback_total{result="disagreed"}')).toBe(0);
    expect(await value('verdict_trainings_total{outcome="failed"}')).toBe(0);
    expect(await value('verdict_build_info{version="0.1.0"}')).toBe(1);
  });

  it('count events, decisions and feedback', async () => {
    metrics.eventsIngested(3, 'new');
    metrics.eventsIngested(2, 'new');
    metrics.eventsIngested(1, 'repeated');
    metrics.eventsRemoved(7);
    metrics.decision('Drop');
    metrics.decision('Drop');
    metrics.decision('no_decision');
    metrics.decisionSeconds(0.000_015);
    metrics.feedback('agreed');
    expect(await value('verdict_events_total{result="new"}')).toBe(5);
    expect(await value('verdict_events_total{result="repeated"}')).toBe(1);
    expect(await value('verdict_events_removed_total')).toBe(7);
    expect(await value('verdict_decisions_total{label="Drop"}')).toBe(2);
    expect(await value('verdict_decisions_total{label="no_decision"}')).toBe(1);
    expect(await value('verdict_decision_seconds_bucket{le="0.00001"}')).toBe(0);
    expect(await value('verdict_decision_seconds_bucket{le="0.00002"}')).toBe(1);
    expect(await value('verdict_decision_seconds_sum')).toBe(0.000_015);
    expect(await value('verdict_feedback_total{result="agreed"}')).toBe(1);
  });

  it('keep a bounded number of label series and escape what people named them', async () => {
    metrics.decision('a"b\nc\\');
    for (let index = 0; index < 300; index++) metrics.decision(`label ${index}`);
    const text = await metrics.text();
    expect(text.match(/^verdict_decisions_total\{/gm)).toHaveLength(201);
    expect(text).toContain(String.raw`verdict_decisions_total{label="a\"b\nc\\"} 1`);
    expect(await value('verdict_decisions_total{label="other"}')).toBe(101);
  });

  it('count calls by method, route pattern and class of status', async () => {
    metrics.answered({ method: 'POST', route: '/api/v1/events/', status: 201, seconds: 0.002 });
    metrics.answered({ method: 'POST', route: '/api/v1/events/', status: 201, seconds: 0.03 });
    metrics.answered({ method: 'POST', route: '/api/v1/events/', status: 409, seconds: 0.001 });
    metrics.answered({ method: 'PROPFIND', route: 'unknown', status: 404, seconds: 0.001 });
    const ok = 'method="POST",route="/api/v1/events/",status="2xx"';
    expect(await value(`verdict_http_requests_total{${ok}}`)).toBe(2);
    expect(await value('verdict_http_requests_total{method="POST",route="/api/v1/events/",status="4xx"}')).toBe(1);
    expect(await value('verdict_http_requests_total{method="other",route="unknown",status="4xx"}')).toBe(1);
    expect(await value(`verdict_http_request_seconds_bucket{le="0.0025",${ok}}`)).toBe(1);
    expect(await value(`verdict_http_request_seconds_sum{${ok}}`)).toBeCloseTo(0.032, 9);
    // Reading hands the counts over; it must not lose or repeat them.
    metrics.answered({ method: 'POST', route: '/api/v1/events/', status: 202, seconds: 0.002 });
    expect(await value(`verdict_http_requests_total{${ok}}`)).toBe(3);
    expect(await value(`verdict_http_request_seconds_count{${ok}}`)).toBe(3);
  });

  it('follow trainings, each ended once', async () => {
    const first = metrics.trainingStarted();
    const second = metrics.trainingStarted();
    expect(await value('verdict_trainings_running')).toBe(2);
    first('finished', 4);
    first('failed', 4);
    second('cancelled', 1);
    expect(await value('verdict_trainings_running')).toBe(0);
    expect(await value('verdict_trainings_total{outcome="finished"}')).toBe(1);
    expect(await value('verdict_trainings_total{outcome="failed"}')).toBe(0);
    expect(await value('verdict_trainings_total{outcome="cancelled"}')).toBe(1);
    expect(await value('verdict_training_seconds_count')).toBe(1);
    expect(await value('verdict_training_seconds_sum')).toBe(4);
  });

  it('read queue, files and disk when somebody looks', async () => {
    metrics.watchQueue(() => 42);
    await storage.write((tx) => tx.run(`INSERT INTO meta (name, value) VALUES ('a', 'b')`));
    expect(await value('verdict_queue_events')).toBe(42);
    expect(await value('verdict_storage_units_waiting')).toBe(0);
    expect(await value('verdict_database_bytes')).toBeGreaterThan(0);
    expect(await value('verdict_database_wal_bytes')).toBeGreaterThan(0);
    expect(await value('verdict_disk_free_bytes')).toBeGreaterThan(0);
    expect(await value('verdict_disk_size_bytes')).toBeGreaterThan((await value('verdict_disk_free_bytes'))!);
    expect(await value('verdict_disk_low')).toBe(0);
    metrics.watchDisk(() => true);
    expect(await value('verdict_disk_low')).toBe(1);
  });

  it('have the prefix, base units and a help text throughout, and no series twice with several services in one process', async () => {
    new Metrics({ version: '0.1.0', storage });
    const text = await metrics.text();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
    expect(names).toContain('verdict_nodejs_eventloop_lag_seconds');
    expect(names).toContain('verdict_process_resident_memory_bytes');
    expect(names.every((name) => name.startsWith('verdict_'))).toBe(true);
    expect(names.filter((name) => /_(ms|milliseconds|millis|percent|mb)(_|$)/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
    expect([...text.matchAll(/^# HELP (\S+) \S/gm)]).toHaveLength(names.length);
    expect(text).not.toMatch(/(job|event|user|key)_?id="/);
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  });
});
