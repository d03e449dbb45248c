import { DECISION_OUTPUTS, jobOutputs } from './outputs.ts';
import type { CommandSpec } from './table.ts';

/** What Verdict offers beyond Arcanna’s packs. */
export const OUR_COMMANDS = [
  {
    name: 'verdict-get-decision',
    description: 'Sends an alert, waits and gives back the decision, in one task.',
    polling: true,
    arguments: [
      { name: 'event_json', required: true, description: 'The alert: a JSON object, or its text.' },
      { name: 'title', required: true, description: 'The title of the alert.' },
      { name: 'job_id', description: 'The AI use case; without it the default of the instance.' },
      { name: 'severity', description: 'The severity, a number.' },
      { name: 'id_value', description: 'The id that the event is to have.' },
      { name: 'interval', defaultValue: '15', description: 'Seconds between two questions while it waits.' },
      { name: 'timeout', defaultValue: '120', description: 'Seconds after which it gives back what it has, decided or not.' },
    ],
    outputs: DECISION_OUTPUTS,
    example: '!verdict-get-decision title="Encoded command" event_json=`{"rule":{"name":"Encoded command"}}`',
  },
  {
    name: 'verdict-explain',
    description: 'Says why an event was decided so, and shows the most similar labelled alerts.',
    arguments: [
      { name: 'event_id', required: true, description: 'The id of the event in Verdict.' },
      { name: 'job_id', description: 'The AI use case; without it the default of the instance.' },
    ],
    outputs: [
      { path: 'Verdict.Explanation.event_id', type: 'String', description: 'The id of the event.' },
      { path: 'Verdict.Explanation.job_id', type: 'Number', description: 'The AI use case.' },
      { path: 'Verdict.Explanation.model_id', type: 'String', description: 'The model that decided.' },
      { path: 'Verdict.Explanation.result', type: 'String', description: 'The class of the decision, or no_decision.' },
      { path: 'Verdict.Explanation.result_label', type: 'String', description: 'The label of the decision.' },
      { path: 'Verdict.Explanation.confidence_score', type: 'Number', description: 'How sure Verdict is, in percent.' },
      { path: 'Verdict.Explanation.probabilities', type: 'Unknown', description: 'How sure it is of each label, shares of 1.' },
      {
        path: 'Verdict.Explanation.outlier',
        type: 'Boolean',
        description: 'Whether it is far from everything Verdict was trained on.',
      },
      { path: 'Verdict.Explanation.outlier_score', type: 'Number', description: '0 is ordinary, 1 unlike anything trained on.' },
      { path: 'Verdict.Explanation.learners', type: 'Unknown', description: 'What each learner says by itself.' },
      { path: 'Verdict.Explanation.reasons', type: 'Unknown', description: 'At most five sentences.' },
      { path: 'Verdict.Explanation.towards', type: 'Unknown', description: 'The decision points that speak for the decision.' },
      { path: 'Verdict.Explanation.against', type: 'Unknown', description: 'The decision points that speak against it.' },
      {
        path: 'Verdict.Explanation.nearest',
        type: 'Unknown',
        description: 'The nearest labelled buckets, and in what they agree and differ.',
      },
      {
        path: 'Verdict.Explanation.guard',
        type: 'Unknown',
        description: 'Whether the decision may be acted on without a person, and why.',
      },
    ],
    example: '!verdict-explain event_id=4711',
  },
  {
    name: 'verdict-get-health',
    description: 'Says whether Verdict answers, and how an AI use case is.',
    arguments: [{ name: 'job_id', description: 'An AI use case to tell about as well.' }],
    outputs: [
      { path: 'Verdict.Health.url', type: 'String', description: 'The address of the service.' },
      { path: 'Verdict.Health.connected', type: 'Boolean', description: 'true where it answers and takes the key.' },
      { path: 'Verdict.Health.jobs', type: 'Number', description: 'How many AI use cases the key may use.' },
      ...jobOutputs('Verdict.Job'),
    ],
    example: '!verdict-get-health job_id=1201',
  },
  {
    name: 'verdict-map-close-reason',
    description: 'Says which label a close reason stands for. A reason that is not mapped stands for none.',
    arguments: [{ name: 'close_reason', required: true, description: 'The close reason of an incident.' }],
    outputs: [
      { path: 'Verdict.CloseReason.reason', type: 'String', description: 'The close reason.' },
      { path: 'Verdict.CloseReason.label', type: 'String', description: 'The label; empty where the reason is not mapped.' },
      { path: 'Verdict.CloseReason.mapped', type: 'Boolean', description: 'Whether it is mapped.' },
    ],
    example: '!verdict-map-close-reason close_reason="False Positive"',
  },
] as const satisfies readonly CommandSpec[];
