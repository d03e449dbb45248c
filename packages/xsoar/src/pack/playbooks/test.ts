// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { PlaybookSource, Task } from './task.ts';
import { EVENT_ID, JOB_ID } from './triage-event.ts';

const CHECK = '50';
const FAILED = '51';
const ALERT = {
  event_json: '{"rule":{"name":"Verdict - Test"}}',
  title: 'Verdict - Test',
  severity: '1',
  id_value: 'verdict-test',
};
const EVENT = { event_id: EVENT_ID, job_id: JOB_ID };

/** The test playbook: every command once, against an instance whose default job is trained and takes events. */
export const TEST: PlaybookSource = {
  name: 'Verdict - Test',
  description: 'Runs the commands of the integration against a test instance and checks what they leave in the context.',
  isTest: true,
  inputs: [],
  outputs: [],
  first: '1',
  tasks: [
    ...inARow([
      ['Ask how Verdict is', 'verdict-get-health', {}],
      ['List the jobs', 'arcanna-get-jobs', {}],
      ['Get the default job', 'arcanna-get-default-job-id', {}],
      ['Send an alert', 'arcanna-send-event', ALERT],
      ['Keep its job as the default', 'arcanna-set-default-job-id', { job_id: JOB_ID }],
      ['Get its status', 'arcanna-get-event-status', EVENT],
      ['Get the labels', 'arcanna-get-decision-set', { job_id: JOB_ID }],
      [
        'Send feedback',
        'arcanna-send-event-feedback',
        { ...EVENT, feedback: '${Arcanna.Event.decision_set.[0]}', username: 'Verdict - Test' },
      ],
      ['Export it', 'arcanna-export-event', EVENT],
      ['Send and get the decision at once', 'verdict-get-decision', ALERT],
      ['Explain it', 'verdict-explain', EVENT],
      [
        'Send several at once',
        'arcanna-send-bulk-events',
        {
          job_id: JOB_ID,
          events: '[{"title":"Verdict - Test","event_id":"verdict-test-bulk","raw_body":{"rule":{"name":"Bulk"}}}]',
        },
      ],
      ['Get the field with the close reason', 'arcanna-get-feedback-field', {}],
      ['Map a close reason', 'verdict-map-close-reason', { close_reason: 'False Positive' }],
      ['Start a training', 'arcanna-trigger-train', { job_id: JOB_ID, username: 'Verdict - Test' }],
    ]),
    {
      kind: 'condition',
      id: CHECK,
      name: 'Is everything in the context?',
      description: 'What every command has to leave there.',
      branches: [
        {
          label: 'yes',
          all: [
            [{ left: { root: 'Arcanna.Event', accessor: 'event_id' }, operator: 'isEqualString', right: 'verdict-test' }],
            [{ left: { root: 'Arcanna.Event', accessor: 'status' }, operator: 'isEqualString', right: 'OK' }],
            [{ left: { root: 'Arcanna.Event', accessor: 'decision_set' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Arcanna.Event', accessor: 'feedback_status' }, operator: 'isEqualString', right: 'updated' }],
            [{ left: { root: 'Arcanna.Event', accessor: 'arcanna_event' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Arcanna.Jobs', accessor: 'job_id' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Arcanna.Default_Job_Id' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Arcanna.FeedbackField' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Arcanna.Bulk', accessor: 'status' }, operator: 'isEqualString', right: 'ok' }],
            [{ left: { root: 'Arcanna.Train', accessor: 'status' }, operator: 'isNotEmpty' }],
            [
              {
                left: { root: 'Verdict.Health', accessor: 'connected' },
                operator: 'isEqualString',
                right: 'true',
                ignoreCase: true,
              },
            ],
            [{ left: { root: 'Verdict.Explanation', accessor: 'event_id' }, operator: 'isNotEmpty' }],
            [{ left: { root: 'Verdict.CloseReason', accessor: 'label' }, operator: 'isNotEmpty' }],
          ],
          next: '99',
        },
      ],
      otherwise: FAILED,
    },
    {
      kind: 'script',
      id: FAILED,
      name: 'Fail the test',
      description: 'A test that ends here has failed.',
      script: 'PrintErrorEntry',
      arguments: { message: 'A command of the integration Verdict left something out of the context.' },
      next: '99',
    },
    { kind: 'title', id: '99', name: 'Done' },
  ],
};

type Step = readonly [name: string, command: string, args: Readonly<Record<string, string>>];

/** One task for each command, then the check; a command that fails ends the test. */
function inARow(steps: readonly Step[]): Task[] {
  return steps.map(([name, command, args], at) => ({
    kind: 'command',
    id: String(at + 1),
    name,
    description: `Runs ${command}.`,
    command: `Verdict|||${command}`,
    arguments: args,
    next: at + 1 < steps.length ? String(at + 2) : CHECK,
    onError: FAILED,
  }));
}
