// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { Task } from './task.ts';
import { EVENT_ID, INSTANCE, JOB_ID } from './triage-event.ts';

/** *Verdict - Triage* with an analyst: assigned, asked, and the answer sent as feedback. */
export const ASK_THE_ANALYST: readonly Task[] = [
  {
    kind: 'script',
    id: '20',
    name: 'Assign the escalated incident',
    description: 'The analyst with the least to do.',
    script: 'AssignAnalystToIncident',
    arguments: { assignBy: 'less-busy-user', roles: '${inputs.roles}' },
    next: '31',
    onError: '31',
  },
  {
    kind: 'script',
    id: '30',
    name: 'Assign an analyst to decide',
    description: 'The analyst with the least to do.',
    script: 'AssignAnalystToIncident',
    arguments: { assignBy: 'less-busy-user', roles: '${inputs.roles}' },
    next: '31',
    onError: '31',
  },
  {
    kind: 'command',
    id: '31',
    name: 'Get the possible decisions',
    description: 'They are the options of the question.',
    command: 'Verdict|||arcanna-get-decision-set',
    arguments: { job_id: JOB_ID, using: INSTANCE },
    next: '32',
    onError: '44',
  },
  {
    kind: 'collection',
    id: '32',
    name: 'Ask the analyst',
    description: 'What is right for this alert? The answer teaches Verdict.',
    title: 'Verdict_Review',
    message:
      'Verdict says: ${Arcanna.Event.result_label} (confidence ${Arcanna.Event.confidence_score} %, outlier: ${Arcanna.Event.outlier}). What is right?',
    questions: [
      {
        question: 'What is the right decision?',
        tooltip: 'One of the labels of the AI use case.',
        required: true,
        options: { root: 'Arcanna.Event', accessor: 'decision_set' },
      },
      { question: 'Why?', tooltip: 'Kept with the feedback.', required: false },
    ],
    next: '33',
  },
  {
    kind: 'command',
    id: '33',
    name: 'Send the feedback',
    description: 'Under the name of who answered.',
    command: 'Verdict|||arcanna-send-event-feedback',
    arguments: {
      event_id: EVENT_ID,
      job_id: JOB_ID,
      feedback: '${Verdict_Review.Answers.0}',
      username: '${Verdict_Review.Answers.name}',
      closing_notes: '${Verdict_Review.Answers.1}',
      decision_set: '${Arcanna.Event.decision_set}',
      using: INSTANCE,
    },
    next: '34',
    onError: '35',
  },
  {
    kind: 'command',
    id: '34',
    name: 'Note the feedback in the incident',
    description: 'The dashboard compares it with the decision.',
    command: 'Builtin|||setIncident',
    arguments: { verdictfeedback: '${Verdict_Review.Answers.0}', verdictfeedbackuser: '${Verdict_Review.Answers.name}' },
    next: '99',
    onError: '48',
  },
  {
    kind: 'command',
    id: '35',
    name: 'Note that the feedback was not sent',
    description: 'Verdict - Resend feedback sends it later, once the incident is closed.',
    command: 'Builtin|||setIncident',
    arguments: {
      verdictfeedback:
        'not sent: the War Room says why; the answer was ${Verdict_Review.Answers.0}; because: ${Verdict_Review.Answers.1}',
      verdictfeedbackuser: '${Verdict_Review.Answers.name}',
    },
    next: '99',
    onError: '48',
  },
];
