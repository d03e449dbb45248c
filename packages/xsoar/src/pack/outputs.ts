import type { Output } from './table.ts';

/** What identifies an event in the context. */
export const EVENT_OUTPUTS: readonly Output[] = [
  { path: 'Arcanna.Event.event_id', type: 'String', description: 'The id of the event.' },
  { path: 'Arcanna.Event.job_id', type: 'Number', description: 'The AI use case.' },
  { path: 'Arcanna.Event.ingest_timestamp', type: 'Date', description: 'When it was stored.' },
];

/** An event with its decision. */
export const DECISION_OUTPUTS: readonly Output[] = [
  ...EVENT_OUTPUTS,
  { path: 'Arcanna.Event.status', type: 'String', description: 'pending_inference, OK or ERROR.' },
  {
    path: 'Arcanna.Event.result',
    type: 'String',
    description: 'The class of the decision, such as class_1, or no_decision.',
  },
  { path: 'Arcanna.Event.result_label', type: 'String', description: 'The label of the decision, such as Drop.' },
  { path: 'Arcanna.Event.confidence_score', type: 'Number', description: 'How sure Verdict is, in percent.' },
  { path: 'Arcanna.Event.bucket_state', type: 'String', description: 'new, pending, in_knowledge_base or retrain.' },
  {
    path: 'Arcanna.Event.knowledge_base_state',
    type: 'String',
    description: 'The same as bucket_state; older playbooks read it.',
  },
  {
    path: 'Arcanna.Event.outlier',
    type: 'Boolean',
    description: 'Whether it is far from everything Verdict was trained on.',
  },
  { path: 'Arcanna.Event.outlier_score', type: 'Number', description: '0 is ordinary, 1 unlike anything trained on.' },
  {
    path: 'Arcanna.Event.automation',
    type: 'String',
    description: 'allowed where the decision may be acted on without a person, else ask.',
  },
  { path: 'Arcanna.Event.automation_reason', type: 'String', description: 'Why.' },
  { path: 'Arcanna.Event.reasons', type: 'Unknown', description: 'At most five sentences that say why it was decided so.' },
  { path: 'Arcanna.Event.model_id', type: 'String', description: 'The model that decided; empty before the first training.' },
  { path: 'Arcanna.Event.event_url', type: 'String', description: 'Where the event is in Verdict.' },
  { path: 'Arcanna.Event.error_message', type: 'String', description: 'What went wrong, where something did.' },
  {
    path: 'Arcanna.Event.is_duplicated',
    type: 'Boolean',
    description: 'Deprecated. Whether an identical event was there before.',
  },
  { path: 'Arcanna.Event.confidence_level', type: 'Number', description: 'Deprecated. The confidence as a share of 1.' },
];

/**
 * What is known of an AI use case.
 * @param path where in the context it stands.
 */
export function jobOutputs(path: string): readonly Output[] {
  const outputs: readonly Output[] = [
    { path: 'job_id', type: 'Number', description: 'The id of the AI use case.' },
    { path: 'title', type: 'String', description: 'Its title.' },
    { path: 'category', type: 'String', description: 'Decision intelligence or Event centric decision intelligence.' },
    { path: 'data_type', type: 'String', description: 'Always empty; older playbooks print it.' },
    {
      path: 'status',
      type: 'String',
      description: 'ENABLED, DISABLED, or READY_TO_SELECT_FEATURES while no decision points are chosen.',
    },
    {
      path: 'retrain_state',
      type: 'String',
      description: 'RETRAIN_STARTED, RETRAIN_FINISHED or RETRAIN_FAILED; empty before the first training.',
    },
    { path: 'retrain_msg', type: 'String', description: 'What came of the last training, in words.' },
    { path: 'labels', type: 'Unknown', description: 'The labels that it decides between.' },
    { path: 'features', type: 'Unknown', description: 'Its decision points.' },
    { path: 'processed_documents_count', type: 'Number', description: 'How many events it took.' },
    { path: 'feedback_documents_count', type: 'Number', description: 'How many of them have feedback.' },
    { path: 'last_processed_timestamp', type: 'Date', description: 'When it last took an event.' },
    { path: 'last_feedback_timestamp', type: 'Date', description: 'When it last got feedback.' },
    { path: 'last_train_start_timestamp', type: 'Date', description: 'When its last training started.' },
    { path: 'last_train_finished_timestamp', type: 'Date', description: 'When its last training ended.' },
    { path: 'invalid', type: 'Boolean', description: 'Whether it cannot run, say because its integration is gone.' },
  ];
  return outputs.map((output) => ({ ...output, path: `${path}.${output.path}` }));
}
