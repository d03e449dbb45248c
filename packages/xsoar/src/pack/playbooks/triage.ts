// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { PlaybookSource } from './task.ts';
import { ASK_THE_ANALYST } from './triage-analyst.ts';
import { ACT_ON_THE_DECISION } from './triage-decision.ts';
import { REVIEW_BY_HAND } from './triage-failures.ts';
import { SEND_AND_WAIT } from './triage-send.ts';

/**
 * *Verdict - Triage*. Whatever is not a clear decision ends with a person: only where the guard allows it and `auto_close` is true
 * does the playbook close by itself, and then it says so in the context, so that its close is not taken for an analyst's.
 */
export const TRIAGE: PlaybookSource = {
  name: 'Verdict - Triage',
  description:
    'Sends the alert to Verdict, waits for the decision and acts on it. Drops are closed only where Verdict allows automation and the input auto_close is true; escalations and everything else, outliers, low confidence and failures among them, are assigned to an analyst, whose answer is sent to Verdict as feedback.',
  inputs: [
    {
      key: 'event_json',
      value: '${incident.rawJSON}',
      required: true,
      description: 'The alert as JSON. For incidents without a raw alert use the incident itself.',
    },
    { key: 'title', value: '${incident.name}', required: true, description: 'The title of the alert in Verdict.' },
    { key: 'severity', value: '${incident.severity}', required: false, description: 'The severity of the alert, as a number.' },
    {
      key: 'event_id',
      value: '${incident.id}',
      required: false,
      description: 'The id of the alert in Verdict; the same id again does not make another event.',
    },
    {
      key: 'job_id',
      value: '',
      required: false,
      description: 'The AI use case that decides; empty for the default of the instance.',
    },
    {
      key: 'instance',
      value: '',
      required: false,
      description:
        'The instance of Verdict that decides. Name it where there are several: otherwise all get the alert, and a person decides.',
    },
    {
      key: 'auto_close',
      value: 'false',
      required: false,
      description: 'true closes incidents that Verdict drops, where its guard allows it. Everything else is never closed.',
    },
    { key: 'drop_label', value: 'Drop', required: true, description: 'The label whose incidents may be closed.' },
    { key: 'escalate_label', value: 'Escalate', required: true, description: 'The label whose incidents are assigned at once.' },
    {
      key: 'min_confidence',
      value: '60',
      required: true,
      description: 'Decisions with a confidence below this, in percent, go to an analyst.',
    },
    {
      key: 'close_reason',
      value: 'False Positive',
      required: true,
      description: 'The close reason of incidents that the playbook closes.',
    },
    { key: 'roles', value: '', required: false, description: 'Roles to choose the analyst from; empty for all.' },
    {
      key: 'poll_interval',
      value: '1',
      required: true,
      description: 'Minutes between two questions for a decision that is pending.',
    },
    {
      key: 'poll_timeout',
      value: '5',
      required: true,
      description: 'Minutes after which a pending decision goes to an analyst.',
    },
  ],
  outputs: [
    { contextPath: 'Arcanna.Event.event_id', description: 'The id of the event in Verdict.', type: 'String' },
    { contextPath: 'Arcanna.Event.job_id', description: 'The AI use case.', type: 'Number' },
    { contextPath: 'Arcanna.Event.result_label', description: 'The label that Verdict chose.', type: 'String' },
    { contextPath: 'Arcanna.Event.confidence_score', description: 'How sure it is, in percent.', type: 'Number' },
    { contextPath: 'Verdict.ClosedBy', description: 'Set where the playbook closed the incident itself.', type: 'String' },
  ],
  first: '1',
  tasks: [
    ...SEND_AND_WAIT,
    ...ACT_ON_THE_DECISION,
    ...ASK_THE_ANALYST,
    ...REVIEW_BY_HAND,
    { kind: 'title', id: '99', name: 'Done' },
  ],
};
