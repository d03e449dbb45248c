// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { PlaybookSource } from './task.ts';

/** *Verdict - Resend feedback*: sends what an outage kept from Verdict; meant to run as a job. */
export const RESEND_FEEDBACK: PlaybookSource = {
  name: 'Verdict - Resend feedback',
  description:
    'Sends the feedback of closed incidents whose field Verdict Feedback says that it was not sent. Run it as a job, for instance every hour; nothing is sent twice.',
  inputs: [
    {
      key: 'query',
      value: 'status:closed and verdictfeedback:not*',
      required: true,
      description: 'Which incidents to look at; of these, those whose Verdict Feedback begins with “not sent” are sent.',
    },
    { key: 'limit', value: '100', required: true, description: 'At most so many incidents in one run.' },
  ],
  outputs: [
    { contextPath: 'Verdict.Resend.sent', description: 'Incidents whose feedback was sent.', type: 'Number' },
    { contextPath: 'Verdict.Resend.failed', description: 'Incidents whose feedback could not be sent again.', type: 'Number' },
  ],
  first: '1',
  tasks: [
    {
      kind: 'script',
      id: '1',
      name: 'Send what was not sent',
      description: 'Each incident by itself; one that fails keeps its note.',
      script: 'VerdictResendFeedback',
      arguments: { query: '${inputs.query}', limit: '${inputs.limit}' },
      next: '2',
      onError: '3',
    },
    {
      kind: 'condition',
      id: '2',
      name: 'Was everything sent?',
      description: 'What failed is tried again in the next run.',
      branches: [
        {
          label: 'yes',
          all: [[{ left: { root: 'Verdict.Resend', accessor: 'failed' }, operator: 'isEqualNumber', right: '0' }]],
          next: '9',
        },
      ],
      otherwise: '3',
    },
    {
      kind: 'manual',
      id: '3',
      name: 'See why feedback cannot be sent',
      description: 'The War Room names the incidents and what Verdict answered.',
      next: '9',
    },
    { kind: 'title', id: '9', name: 'Done' },
  ],
};
