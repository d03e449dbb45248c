// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { Task } from './task.ts';
import { equals, event } from './triage-event.ts';

/** *Verdict - Triage* with a decision: only where the guard and `auto_close` both say so does it close; all else goes to an analyst. */
export const ACT_ON_THE_DECISION: readonly Task[] = [
  {
    kind: 'condition',
    id: '10',
    name: 'Is there a decision?',
    description: 'Pending, ERROR and no_decision go to a person.',
    branches: [
      {
        label: 'yes',
        all: [
          [equals('status', 'OK')],
          [{ left: event('result'), operator: 'isNotEqualString', right: 'no_decision' }],
          [{ left: event('result_label'), operator: 'isNotEmpty' }],
        ],
        next: '11',
      },
    ],
    otherwise: '43',
  },
  {
    kind: 'condition',
    id: '11',
    name: 'Is it ordinary, and is Verdict sure?',
    description: 'Outliers, and decisions with little confidence, go to a person.',
    branches: [
      {
        label: 'yes',
        all: [
          [equals('outlier', 'false')],
          [
            {
              left: event('confidence_score'),
              operator: 'greaterThanOrEqual',
              right: { context: 'inputs.min_confidence' },
            },
          ],
        ],
        next: '12',
      },
    ],
    otherwise: '30',
  },
  {
    kind: 'condition',
    id: '12',
    name: 'What is the decision?',
    description: 'A label that the inputs do not name goes to a person.',
    branches: [
      { label: 'drop', all: [[equals('result_label', { context: 'inputs.drop_label' })]], next: '13' },
      { label: 'escalate', all: [[equals('result_label', { context: 'inputs.escalate_label' })]], next: '20' },
    ],
    otherwise: '30',
  },
  {
    kind: 'condition',
    id: '13',
    name: 'May it be closed without a person?',
    description: 'The guard of Verdict and the input auto_close both have to say yes.',
    branches: [
      {
        label: 'yes',
        all: [
          [equals('automation', 'allowed')],
          [{ left: { root: 'inputs.auto_close' }, operator: 'isEqualString', right: 'true', ignoreCase: true }],
        ],
        next: '14',
      },
    ],
    otherwise: '30',
  },
  {
    kind: 'script',
    id: '14',
    name: 'Say that the playbook closes it',
    description: 'A close by a playbook is never sent as an analyst’s feedback.',
    script: 'Set',
    arguments: { key: 'Verdict.ClosedBy', value: 'Verdict - Triage', append: 'false' },
    next: '15',
    onError: '30',
  },
  {
    kind: 'command',
    id: '15',
    name: 'Close the incident',
    description: 'With the reason that the input names.',
    command: 'Builtin|||closeInvestigation',
    arguments: {
      closeReason: '${inputs.close_reason}',
      closeNotes:
        'Verdict decided ${Arcanna.Event.result_label} with a confidence of ${Arcanna.Event.confidence_score} %. ${Arcanna.Event.automation_reason}',
    },
    next: '99',
    onError: '16',
  },
  {
    kind: 'script',
    id: '16',
    name: 'Take back that the playbook closed it',
    description: 'It did not close, so the next close is a person’s.',
    script: 'DeleteContext',
    arguments: { key: 'Verdict.ClosedBy' },
    next: '30',
    onError: '30',
  },
];
