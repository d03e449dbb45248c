// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { PlaybookSource } from './task.ts';

/** The test playbook: every command once, against an instance whose default job is trained and takes events. */
export const TEST: PlaybookSource = {
  name: 'Verdict - Test',
  description: 'Runs the commands of the integration against a test instance and checks what they leave in the context.',
  isTest: true,
  inputs: [],
  outputs: [],
  first: '1',
  tasks: [
    step('1', 'Ask how Verdict is', 'verdict-get-health', {}, '2'),
    step('2', 'List the jobs', 'arcanna-get-jobs', {}, '3'),
    step('3', 'Get the default job', 'arcanna-get-default-job-id', {}, '4'),
    step(
      '4',
      'Send an alert',
      'arcanna-send-event',
      { event_json: '{"rule":{"name":"Verdict - Test"}}', title: 'Verdict - Test', severity: '1', id_value: 'verdict-test' },
      '5',
    ),
    step(
      '5',
      'Get its status',
      'arcanna-get-event-status',
      { event_id: '${Arcanna.Event.event_id}', job_id: '${Arcanna.Event.job_id}' },
      '6',
    ),
    step('6', 'Get the labels', 'arcanna-get-decision-set', { job_id: '${Arcanna.Event.job_id}' }, '7'),
    step(
      '7',
      'Export it',
      'arcanna-export-event',
      { event_id: '${Arcanna.Event.event_id}', job_id: '${Arcanna.Event.job_id}' },
      '8',
    ),
    step('8', 'Explain it', 'verdict-explain', { event_id: '${Arcanna.Event.event_id}', job_id: '${Arcanna.Event.job_id}' }, '9'),
    step('9', 'Map a close reason', 'verdict-map-close-reason', { close_reason: 'False Positive' }, '10'),
    {
      kind: 'condition',
      id: '10',
      name: 'Is everything in the context?',
      description: 'What every command has to leave there.',
      branches: [
        {
          label: 'yes',
          all: [
            [{ left: { root: 'Arcanna.Event', accessor: 'event_id' }, operator: 'isEqualString', right: 'verdict-test' }],
            [{ left: { root: 'Arcanna.Event', accessor: 'status' }, operator: 'isEqualString', right: 'OK' }],
            [{ left: { root: 'Arcanna.Event', accessor: 'decision_set' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Arcanna.Event', accessor: 'arcanna_event' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Verdict.Explanation', accessor: 'event_id' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Verdict.CloseReason', accessor: 'label' }, operator: 'isNotEmpty' }],
          ],
          next: '99',
        },
      ],
      otherwise: '11',
    },
    {
      kind: 'script',
      id: '11',
      name: 'Fail the test',
      description: 'A test that ends here has failed.',
      script: 'PrintErrorEntry',
      arguments: { message: 'A command of the integration Verdict left something out of the context.' },
      next: '99',
    },
    { kind: 'title', id: '99', name: 'Done' },
  ],
};

function step(id: string, name: string, command: string, args: Record<string, string>, next: string) {
  return {
    kind: 'command',
    id,
    name,
    description: `Runs ${command}.`,
    command: `Verdict|||${command}`,
    arguments: args,
    next,
    onError: '11',
  } as const;
}
