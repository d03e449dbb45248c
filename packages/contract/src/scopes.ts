/** What a management key may be allowed to do, `action:category`, and what each allows. */
export const SCOPE_DESCRIPTIONS = {
  'read:resources': 'Read jobs, integrations and API keys.',
  'write:resources': 'Create and change jobs, integrations and API keys.',
  'delete:resources': 'Delete jobs, integrations and API keys.',
  'execute:job_operations': 'Start, stop and train jobs.',
  'read:event_query': 'Find events and read their decisions.',
  'read:event_export': 'Export events with everything known about them.',
  'write:events': 'Send events, one or many at a time.',
  'write:event_feedback': 'Give feedback on events.',
  'write:event_agentic_notes': 'Add notes of an agent to events.',
  'execute:reprocess_events': 'Decide stored events anew.',
  'read:job_metrics': 'Read metrics of jobs and models.',
  'execute:recompute_model_metrics': 'Compute the metrics of a model anew.',
  'execute:job_code_blocks': 'Try a code step without keeping it.',
  'write:job_code_blocks': 'Save code steps of jobs.',
} as const;
export type Scope = keyof typeof SCOPE_DESCRIPTIONS;
/** Every scope, in the order of the contract. */
export const SCOPES = Object.keys(SCOPE_DESCRIPTIONS) as readonly Scope[];

/** Whether `text` is one of the scopes. */
export function isScope(text: string): text is Scope {
  return Object.hasOwn(SCOPE_DESCRIPTIONS, text);
}

/** Answer of `GET /api/v2/token/scopes`; empty for an input key. */
