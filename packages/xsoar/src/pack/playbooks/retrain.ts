// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { PlaybookSource } from './task.ts';

/** *Verdict - Retrain*: starts a training, waits for its end, and calls a person where it cannot start or fails. */
export const RETRAIN: PlaybookSource = {
  name: 'Verdict - Retrain',
  description:
    'Trains the model of an AI use case on the feedback so far, waits until it has ended, and leaves a task to a person where it could not start or failed. Run it as a job, for instance once a night.',
  inputs: [
    { key: 'job_id', value: '', required: true, description: 'The AI use case to train.' },
    {
      key: 'username',
      value: 'Verdict - Retrain',
      required: true,
      description: 'The name under which the training is recorded.',
    },
    { key: 'poll_interval', value: '1', required: true, description: 'Minutes between two questions.' },
    { key: 'poll_timeout', value: '60', required: true, description: 'Minutes after which a person is asked to look.' },
  ],
  outputs: [
    { contextPath: 'Arcanna.Train.status', description: 'OK where the training started.', type: 'String' },
    { contextPath: 'Verdict.Job.retrain_state', description: 'How the training ended.', type: 'String' },
  ],
  first: '1',
  tasks: [
    {
      kind: 'command',
      id: '1',
      name: 'Start the training',
      description: 'Answers ERROR with the reason where it cannot start.',
      command: 'Verdict|||arcanna-trigger-train',
      arguments: { job_id: '${inputs.job_id}', username: '${inputs.username}' },
      next: '2',
      onError: '6',
    },
    {
      kind: 'condition',
      id: '2',
      name: 'Did it start?',
      description: 'Without enough feedback it does not.',
      branches: [
        {
          label: 'yes',
          all: [[{ left: { root: 'Arcanna.Train', accessor: 'status' }, operator: 'isEqualString', right: 'OK' }]],
          next: '3',
        },
      ],
      otherwise: '6',
    },
    {
      kind: 'playbook',
      id: '3',
      name: 'GenericPolling',
      description: 'Waits until the training has ended.',
      playbook: 'GenericPolling',
      arguments: {
        Ids: '${inputs.job_id}',
        PollingCommandName: 'verdict-get-health',
        PollingCommandArgName: 'job_id',
        Interval: '${inputs.poll_interval}',
        Timeout: '${inputs.poll_timeout}',
        dt: "Verdict.Job(val.retrain_state === 'RETRAIN_STARTED').job_id",
      },
      next: '4',
      onError: '6',
    },
    {
      kind: 'command',
      id: '4',
      name: 'Get how it ended',
      description: 'Still RETRAIN_STARTED here means that the time is over.',
      command: 'Verdict|||verdict-get-health',
      arguments: { job_id: '${inputs.job_id}' },
      next: '5',
      onError: '6',
    },
    {
      kind: 'condition',
      id: '5',
      name: 'Did it finish?',
      description: 'A failed training leaves the model before in place.',
      branches: [
        {
          label: 'yes',
          all: [
            [{ left: { root: 'Verdict.Job', accessor: 'retrain_state' }, operator: 'isEqualString', right: 'RETRAIN_FINISHED' }],
          ],
          next: '9',
        },
      ],
      otherwise: '6',
    },
    {
      kind: 'manual',
      id: '6',
      name: 'Look at the training in Verdict',
      description: 'It did not start, failed, or takes too long: the War Room says why. The model before goes on deciding.',
      next: '9',
    },
    { kind: 'title', id: '9', name: 'Done' },
  ],
};
