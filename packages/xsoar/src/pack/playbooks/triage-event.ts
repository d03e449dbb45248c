// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { Comparison } from './task.ts';

/** The event of this incident, as the commands leave it in the context. */
export const EVENT_ID = '${Arcanna.Event.event_id}';
export const JOB_ID = '${Arcanna.Event.job_id}';

/** The instance that is asked; empty for all that are enabled. */
export const INSTANCE = '${inputs.instance}';

/** A member of the event. */
export const event = (accessor: string) => ({ root: 'Arcanna.Event', accessor });
/** Whether a member of the event is this text, in letters of either case. */
export const equals = (accessor: string, right: NonNullable<Comparison['right']>): Comparison => ({
  left: event(accessor),
  operator: 'isEqualString',
  right,
  ignoreCase: true,
});
