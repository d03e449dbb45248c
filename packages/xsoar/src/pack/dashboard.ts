import { createHash } from 'node:crypto';

const DAYS = 30;
/** Incidents that Verdict was sent. */
const OURS = 'verdicteventid:*';

interface Widget {
  readonly name: string;
  readonly query: string;
  readonly type: 'pie' | 'bar' | 'line' | 'number' | 'table';
  readonly params: Readonly<Record<string, unknown>>;
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const WIDGETS: readonly Widget[] = [
  { name: 'Incidents sent to Verdict', query: OURS, type: 'number', params: {}, place: { x: 0, y: 0, w: 2, h: 2 } },
  {
    name: 'Outliers',
    query: 'verdictoutlierflag:true',
    type: 'number',
    params: {},
    place: { x: 0, y: 2, w: 2, h: 2 },
  },
  {
    name: 'Verdict decisions',
    query: 'verdictdecision:*',
    type: 'pie',
    params: { groupBy: ['verdictdecision'], showGraphValues: true, valuesFormat: 'abbreviated' },
    place: { x: 2, y: 0, w: 4, h: 4 },
  },
  {
    name: 'Bucket states',
    query: 'verdictbucketstate:*',
    type: 'pie',
    params: { groupBy: ['verdictbucketstate'], showGraphValues: true, valuesFormat: 'abbreviated' },
    place: { x: 6, y: 0, w: 3, h: 4 },
  },
  {
    name: 'Low confidence (below 60 %)',
    query: 'verdictdecisionconfidencescore:<60',
    type: 'number',
    params: {},
    place: { x: 9, y: 0, w: 3, h: 2 },
  },
  {
    name: 'Feedback not sent',
    query: 'verdictfeedback:not*',
    type: 'number',
    params: {},
    place: { x: 9, y: 2, w: 3, h: 2 },
  },
  {
    name: 'Decision and feedback (agreement and disagreement)',
    query: 'verdictdecision:* and verdictfeedback:* and -verdictfeedback:not*',
    type: 'bar',
    params: { groupBy: ['verdictdecision', 'verdictfeedback'], showGraphValues: true, valuesFormat: 'abbreviated' },
    place: { x: 0, y: 4, w: 6, h: 5 },
  },
  {
    name: 'Confidence and decision',
    query: 'verdictdecisionconfidencescore:*',
    type: 'bar',
    params: { groupBy: ['verdictdecisionconfidencescore', 'verdictdecision'], valuesFormat: 'abbreviated' },
    place: { x: 6, y: 4, w: 6, h: 5 },
  },
  {
    name: 'Decisions by day',
    query: 'verdictdecision:*',
    type: 'line',
    params: { groupBy: ['occurred(d)', 'verdictdecision'], timeFrame: 'days' },
    place: { x: 0, y: 9, w: 12, h: 4 },
  },
  {
    name: 'Incidents and what Verdict said',
    query: OURS,
    type: 'table',
    params: {
      tableColumns: [
        ['id', true],
        ['name', true],
        ['occurred', true],
        ['verdictdecision', false],
        ['verdictdecisionconfidencescore', false],
        ['verdictoutlierflag', false],
        ['verdictbucketstate', false],
        ['verdictfeedback', false],
        ['verdictfeedbackuser', false],
        ['verdicterrormessage', false],
      ].map(([key, isDefault]) => ({ key, isDefault, displayed: true, width: 150 })),
    },
    place: { x: 0, y: 13, w: 12, h: 5 },
  },
];

/** The JSON of the dashboard. */
export function dashboardJson(): Readonly<Record<string, unknown>> {
  return {
    id: 'Verdict',
    version: -1,
    name: 'Verdict',
    fromDate: '0001-01-01T00:00:00Z',
    toDate: '0001-01-01T00:00:00Z',
    period: period(),
    fromDateLicense: '0001-01-01T00:00:00Z',
    isPredefined: false,
    system: false,
    shared: true,
    fromVersion: '5.5.0',
    layout: WIDGETS.map(cell),
  };
}

function cell({ name, query, type, params, place }: Widget): Readonly<Record<string, unknown>> {
  const id = `verdict-${createHash('sha1').update(name).digest('hex').slice(0, 12)}`;
  return {
    id,
    i: id,
    forceRange: false,
    ...place,
    widget: {
      id,
      version: -1,
      name,
      dataType: 'incidents',
      widgetType: type,
      query,
      sort: type === 'table' ? [{ field: 'occurred', asc: false }] : null,
      isPredefined: false,
      dateRange: { fromDate: '0001-01-01T00:00:00Z', toDate: '0001-01-01T00:00:00Z', period: period() },
      params,
      size: type === 'table' ? 50 : 0,
    },
  };
}

function period(): Readonly<Record<string, unknown>> {
  return { by: '', byFrom: 'days', byTo: '', field: '', fromValue: DAYS, toValue: null };
}
