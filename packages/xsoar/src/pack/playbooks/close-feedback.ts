// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import { MACHINES } from '../../script/machines.ts';
import type { PlaybookSource, Task } from './task.ts';

/** *Verdict - Close feedback*: what the post-processing script does, for playbooks that close on behalf of an analyst. */
export const CLOSE_FEEDBACK: PlaybookSource = {
  name: 'Verdict - Close feedback',
  description:
    'Sends an analyst’s close to Verdict as feedback. The close reason is mapped to a label by the instance; a reason that is not mapped is not a label and nothing is sent. Incident types that have the post-processing script VerdictCloseFeedback do not need this playbook.',
  inputs: [
    {
      key: 'close_reason',
      value: '${incident.closeReason}',
      required: true,
      description: 'Why the analyst closes the incident.',
    },
    { key: 'close_notes', value: '${incident.closeNotes}', required: false, description: 'What the analyst wrote.' },
    {
      key: 'username',
      value: '${incident.closingUserId}',
      required: true,
      description: 'The analyst; without a name nothing is sent, because no person closed the incident.',
    },
    { key: 'event_id', value: '${incident.verdicteventid}', required: true, description: 'The event in Verdict.' },
    { key: 'job_id', value: '${incident.verdictjobid}', required: false, description: 'The AI use case of the event.' },
    {
      key: 'closed_by',
      value: '${Verdict.ClosedBy}',
      required: false,
      description: 'The playbook that closed the incident by itself; then nothing is sent.',
    },
  ],
  outputs: [
    { contextPath: 'Verdict.CloseReason.label', description: 'The label that the close reason stands for.', type: 'String' },
    { contextPath: 'Arcanna.Event.feedback_status', description: 'updated where Verdict took the feedback.', type: 'String' },
  ],
  first: '1',
  tasks: [
    {
      kind: 'condition',
      id: '1',
      name: 'Did a person close an event of Verdict?',
      description: 'A close by a playbook is not a person’s word.',
      branches: [
        {
          label: 'yes',
          all: [
            [{ left: { root: 'inputs.username' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'inputs.event_id' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Verdict.ClosedBy' }, operator: 'isEmpty' }],
            // A playbook with a context of its own does not see the one above.
            [{ left: { root: 'inputs.closed_by' }, operator: 'isEmpty' }],
            // The post-processing script has seen this very close as a playbook's.
            [
              {
                left: { root: 'Verdict.MachineClose.reason' },
                operator: 'isNotEqualString',
                right: { context: 'inputs.close_reason' },
              },
              {
                left: { root: 'Verdict.MachineClose.notes' },
                operator: 'isNotEqualString',
                right: { context: 'inputs.close_notes' },
              },
              {
                left: { root: 'Verdict.MachineClose.user' },
                operator: 'isNotEqualString',
                right: { context: 'inputs.username' },
              },
            ],
            ...MACHINES.map((machine) => [
              { left: { root: 'inputs.username' }, operator: 'isNotEqualString', right: machine, ignoreCase: true as const },
            ]),
          ],
          next: '2',
        },
      ],
      otherwise: '6',
    },
    {
      kind: 'condition',
      id: '6',
      name: 'Does a playbook’s mark stand for this close?',
      description: 'The mark stands for one close: a later one, after the incident was opened again, is a person’s word.',
      branches: [{ label: 'yes', all: [[{ left: { root: 'Verdict.ClosedBy' }, operator: 'isNotEmpty' }]], next: '10' }],
      otherwise: '9',
    },
    ...keepMachineClose(),
    {
      kind: 'command',
      id: '2',
      name: 'Map the close reason to a label',
      description: 'By the parameter of the instance.',
      command: 'Verdict|||verdict-map-close-reason',
      arguments: { close_reason: '${inputs.close_reason}' },
      next: '3',
      onError: '7',
    },
    {
      kind: 'condition',
      id: '3',
      name: 'Is it mapped?',
      description: 'A reason that is not mapped is not a label.',
      branches: [
        {
          label: 'yes',
          all: [[{ left: { root: 'Verdict.CloseReason', accessor: 'label' }, operator: 'isNotEmpty' }]],
          next: '4',
        },
      ],
      otherwise: '9',
    },
    {
      kind: 'command',
      id: '4',
      name: 'Send the feedback of the close',
      description: 'With the analyst’s name and notes.',
      command: 'Verdict|||arcanna-send-event-feedback',
      arguments: {
        event_id: '${inputs.event_id}',
        job_id: '${inputs.job_id}',
        feedback: '${Verdict.CloseReason.label}',
        username: '${inputs.username}',
        closing_notes: '${inputs.close_notes}',
      },
      next: '5',
      onError: '7',
    },
    {
      kind: 'command',
      id: '5',
      name: 'Note the feedback',
      description: 'The dashboard compares it with the decision.',
      command: 'Builtin|||setIncident',
      arguments: { verdictfeedback: '${Verdict.CloseReason.label}', verdictfeedbackuser: '${inputs.username}' },
      next: '9',
    },
    {
      kind: 'command',
      id: '7',
      name: 'Note that it was not sent',
      description: 'Verdict - Resend feedback sends it later as it was given, once the incident is closed.',
      command: 'Builtin|||setIncident',
      arguments: {
        verdictfeedback: 'not sent: the War Room says why; closed as ${inputs.close_reason}; because: ${inputs.close_notes}',
        verdictfeedbackuser: '${inputs.username}',
      },
      next: '9',
    },
    { kind: 'title', id: '9', name: 'Done' },
  ],
};

/** What the close says goes in the place of the mark. Where one part cannot be kept, the mark stays: a machine's close is never sent. */
function keepMachineClose(): Task[] {
  const parts = [
    ['10', 'reason', '${inputs.close_reason}', '11'],
    ['11', 'notes', '${inputs.close_notes}', '12'],
    ['12', 'user', '${inputs.username}', '13'],
    ['13', 'by', '${Verdict.ClosedBy}', '14'],
  ] as const;
  return [
    ...parts.map(
      ([id, part, value, next]): Task => ({
        kind: 'script',
        id,
        name: `Keep the ${part} of the playbook’s close`,
        description: 'So that the same close is known again.',
        script: 'Set',
        arguments: { key: `Verdict.MachineClose.${part}`, value, append: 'false', stringify: 'true' },
        next,
        // A close without notes is still one.
        onError: part === 'notes' ? next : '9',
      }),
    ),
    {
      kind: 'script',
      id: '14',
      name: 'Take the mark away',
      description: 'The next close is another one.',
      script: 'DeleteContext',
      arguments: { key: 'Verdict.ClosedBy' },
      next: '9',
      onError: '9',
    },
  ];
}
