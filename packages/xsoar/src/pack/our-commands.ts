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
    outputs: [
      { path: 'Arcanna.Event.event_id', type: 'String', description: 'The id of the event.' },
      { path: 'Arcanna.Event.job_id', type: 'Number', description: 'The AI use case.' },
      { path: 'Arcanna.Event.status', type: 'String', description: 'pending_inference, OK or ERROR.' },
      { path: 'Arcanna.Event.result', type: 'String', description: 'The class of the decision, or no_decision.' },
      { path: 'Arcanna.Event.result_label', type: 'String', description: 'The label of the decision.' },
      { path: 'Arcanna.Event.confidence_score', type: 'Number', description: 'How sure Verdict is, in percent.' },
      {
        path: 'Arcanna.Event.outlier',
        type: 'Boolean',
        description: 'Whether it is far from everything Verdict was trained on.',
      },
      { path: 'Arcanna.Event.automation', type: 'String', description: 'allowed or ask.' },
      { path: 'Arcanna.Event.automation_reason', type: 'String', description: 'Why.' },
      { path: 'Arcanna.Event.error_message', type: 'String', description: 'What went wrong, where something did.' },
    ],
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
      { path: 'Verdict.Explanation.result_label', type: 'String', description: 'The label of the decision.' },
      { path: 'Verdict.Explanation.confidence_score', type: 'Number', description: 'How sure Verdict is, in percent.' },
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
      { path: 'Verdict.Job.job_id', type: 'Number', description: 'The AI use case that was asked for.' },
      { path: 'Verdict.Job.title', type: 'String', description: 'Its title.' },
      { path: 'Verdict.Job.status', type: 'String', description: 'ENABLED, DISABLED or READY_TO_SELECT_FEATURES.' },
      {
        path: 'Verdict.Job.retrain_state',
        type: 'String',
        description: 'RETRAIN_STARTED, RETRAIN_FINISHED or RETRAIN_FAILED; empty before the first training.',
      },
      { path: 'Verdict.Job.retrain_msg', type: 'String', description: 'What is to be said of it.' },
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
