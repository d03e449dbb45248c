import { describe, expect, it } from 'vitest';
import { type Incidents, incidentOf, incidentsOf } from './incident.ts';
import { readIncidentQuery } from './incident-query.ts';
import { searchIncidents } from './incident-search.ts';
import { draftPlaybook, runDraft, sentenceOf, testHost } from './testing.ts';
import { NotKnown, ValueError } from './values.ts';

const NOW = Date.UTC(2026, 10, 20);

const INCIDENTS: Incidents = {
  incident: incidentOf({
    id: '1',
    name: 'Phishing mail',
    type: 'Mail',
    severity: 3,
    created: '2026-11-01T00:00:00Z',
    owner: 'ada',
  }),
  others: incidentsOf([
    {
      id: '2',
      name: 'Port scan',
      status: 2,
      severity: 1,
      created: '2026-11-10T00:00:00Z',
      closed: '2026-11-12T00:00:00Z',
      CustomFields: { verdictfeedback: 'not sent: the War Room says why' },
    },
    { id: '3', name: 'Port knock', status: 2, severity: 0.5, CustomFields: { verdictfeedback: 'Drop', tags: ['Lab', 'night'] } },
  ]),
};

/** A search of the incident page, and the ids that it finds. */
const QUERIES: readonly (readonly [string, string])[] = [
  ['', '1 2 3'],
  ['status:closed', '2 3'],
  ['status:2', '2 3'],
  ['Status:Active', '1'],
  ['-status:closed', '1'],
  ['not status:closed', '1'],
  ['status:closed and verdictfeedback:not*', '2'],
  ['status:closed AND -verdictfeedback:not*', '3'],
  ['name:"port scan" or owner:ADA', '1 2'],
  ['name:port*n', '2'],
  ['name:p*o*k', '3'],
  ['name:Port?scan', '2'],
  ['name:"Port*"', ''],
  ['tags:night', '3'],
  ['verdictfeedback:""', '1'],
  ['-verdictfeedback:""', '2 3'],
  ['severity:3 or severity:1 and status:active', '1'],
  ['(severity:3 or severity:1) and status:closed', '2'],
  ['severity:>=1 and severity:<3', '2'],
  ['severity:>0.5', '1 2'],
  ['created:>="2026-11-05" and created:<"2026-11-11T00:00:00Z"', '2'],
  ['nothing:here', ''],
  ['name:"and or"', ''],
];

it.each(QUERIES)('the search %j finds %j', (query, ids) => {
  const { data } = searchIncidents(INCIDENTS, { query }, NOW);
  expect((data ?? []).map((one) => (one as { id: string }).id).join(' ')).toBe(ids);
});

it.each([
  ['status:closed severity:3', 'write and or or between two conditions'],
  ['status:closed and', 'it ends where a condition should stand'],
  ['(status:closed', 'a bracket is not closed'],
  ['status:closed)', 'a bracket closes that none opened'],
  ['phishing', 'phishing is no field:value'],
  ['name:', 'name: has no value'],
  ['created:[2026 TO 2027]', '[2026 has to stand in quotes'],
  ['severity:>high', 'high is neither a number nor a date'],
  ['status:open', '"open" is no status of an incident; there are pending, active, closed, archived'],
  [`${'('.repeat(60)}a:b${')'.repeat(60)}`, 'deeper than 50 levels'],
])('the search %j is not understood', (query, why) => {
  expect(sentenceOf(NotKnown, () => readIncidentQuery(query))).toContain(why);
});

it('a search with many stars is through at once', () => {
  const name = 'a'.repeat(20_000);
  expect(readIncidentQuery(`name:${'*a'.repeat(40)}b`)({ name })).toBe(false);
});

describe('getIncidents', () => {
  const found = (args: Parameters<typeof searchIncidents>[1]) => {
    const { data, total } = searchIncidents(INCIDENTS, args, NOW);
    return [total, (data ?? []).map((one) => (one as { id: string }).id).join(' ')];
  };

  it('takes ids, statuses, dates and pages', () => {
    expect(found({ id: '1,3' })).toEqual([2, '1 3']);
    expect(found({ id: 3 })).toEqual([1, '3']);
    expect(found({ name: 'Port scan', owner: '' })).toEqual([1, '2']);
    expect(found({ status: 'closed' })).toEqual([2, '2 3']);
    expect(found({ notstatus: 'closed,archived' })).toEqual([1, '1']);
    expect(found({ fromdate: '2026-11-05' })).toEqual([2, '2 3']);
    expect(found({ todate: '2026-11-05' })).toEqual([1, '1']);
    expect(found({ fromclosedate: '2026-11-01', toclosedate: '2026-11-30' })).toEqual([1, '2']);
    expect(found({ size: '2' })).toEqual([3, '1 2']);
    expect(found({ size: 2, page: '1' })).toEqual([3, '3']);
    expect(found({ size: 0 })).toEqual([3, '']);
    expect(searchIncidents(INCIDENTS, { id: '9' }, NOW)).toEqual({ data: null, total: 0 });
  });

  it('says what it does not know', () => {
    expect(sentenceOf(NotKnown, () => found({ sort: 'created.desc' }))).toContain(
      'the argument sort of getIncidents is not known here',
    );
    expect(sentenceOf(NotKnown, () => found({ size: -1 }))).toContain('cannot be less than 0');
    expect(sentenceOf(ValueError, () => found({ fromdate: 'yesterday' }))).toBe('"yesterday" is not a date');
  });

  it('finds and changes other incidents from a playbook; what it does not know stops the run with the name of the task', async () => {
    const others = incidentsOf([{ id: '7', status: 2 }, { id: '8' }]);
    const text = draftPlaybook({
      '0': { type: 'start', next: ['1'] },
      '1': {
        command: 'Builtin|||getIncidents',
        args: { query: 'status:closed', 'extend-context': 'Found=data' },
        next: ['2'],
      },
      '2': { command: 'Builtin|||setIncident', args: { id: '${Found.id}', owner: 'ada' }, next: ['3'] },
      '3': { command: 'Builtin|||closeInvestigation', args: { id: '8', closeReason: 'Other' }, next: ['4'] },
      '4': { command: 'Builtin|||setIncident', args: { id: '9', owner: 'ada' } },
    });
    const result = await runDraft(text, testHost().host, { others });
    expect(result.trace.problem).toBe('task "4" (Task 4) failed: setIncident: there is no incident 9');
    expect(result.incident.fields).toMatchObject({ id: '1', status: 1 });
    expect(result.others.get('7')?.fields).toMatchObject({ owner: 'ada', status: 2 });
    expect(result.others.get('8')?.fields).toMatchObject({ status: 2, closeReason: 'Other' });
    expect(others.get('7')?.fields).toEqual({ id: '7', status: 2 });

    const unknown = draftPlaybook({
      '0': { type: 'start', next: ['1'] },
      '1': { command: 'Builtin|||getIncidents', args: { populateFields: 'id' }, continueonerror: true, next: ['2'] },
      '2': { type: 'title' },
    });
    const { trace } = await runDraft(unknown, testHost().host);
    expect(trace).toMatchObject({ state: 'failed', problem: expect.stringMatching(/^task "1" \(Task 1\).*populateFields/) });
  });

  it('SearchIncidentsV2 puts what it finds into the context, where getIncidents leaves it as it is', async () => {
    const others = incidentsOf([{ id: '7', status: 2, name: 'Closed before' }, { id: '8' }]);
    const search = (args: Record<string, string>) => ({ script: 'SearchIncidentsV2', args });
    const text = draftPlaybook({
      '0': { type: 'start', next: ['1'] },
      '1': { command: 'Builtin|||getIncidents', args: { id: '8' }, next: ['2'] },
      '2': { ...search({ status: 'closed' }), next: ['3'] },
      '3': { ...search({ id: '7', 'extend-context': 'Name=Contents.data.name' }), next: ['4'] },
      '4': search({ name: 'nobody' }),
    });
    const { trace, context } = await runDraft(text, testHost().host, { others });
    expect(trace).toMatchObject({ state: 'completed', problem: null });
    expect(context).toEqual({
      foundIncidents: { id: '7', status: 2, name: 'Closed before', CustomFields: {} },
      Name: 'Closed before',
    });
    expect(trace.tasks.map(({ output }) => output)).toEqual(
      expect.arrayContaining(['Found 1 incident.', 'Incidents not found.']),
    );
  });

  it('an incident without an id gets one that no other has', () => {
    expect(incidentOf({}).fields.id).toBe('1');
    expect(incidentOf({}, incidentsOf([{ id: 1 }, { id: 2 }])).fields.id).toBe('3');
    expect(incidentOf({ id: 1 }, incidentsOf([{ id: 1 }])).fields.id).toBe(1);
  });

  it('refuses lists that are none', () => {
    expect(sentenceOf(ValueError, () => incidentsOf({}))).toBe('incidents are a JSON list of objects');
    expect(sentenceOf(ValueError, () => incidentsOf([{ id: 1 }, 'x']))).toBe('incident 2 of the list has no id');
    expect(sentenceOf(ValueError, () => incidentsOf([{ id: 1 }, { id: '1' }]))).toBe('two incidents of the list have the id 1');
  });
});
