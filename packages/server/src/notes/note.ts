/** What an agent (an automated workflow) found out about an event. Shown to people, never counted as feedback. */
export interface Note {
  readonly id: number;
  readonly eventId: string;
  /** The version of the event that it was written on. */
  readonly eventVersion: number;
  readonly text: string;
  /** Whatever the agent wanted kept: JSON text, or null. */
  readonly savedObjects: string | null;
  readonly workflowName: string | null;
  readonly workflowId: string | null;
  readonly sessionId: string | null;
  readonly at: number;
  readonly by: string;
}

/** Longest text and longest JSON text of what is kept, in characters. */
export const MAX_TEXT = 100_000;
export const MAX_OBJECTS = 200_000;
/** Notes that one event can have. */
export const MAX_NOTES = 200;
