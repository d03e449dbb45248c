import type { Argument, Output } from './table.ts';

/** An automation script of the pack. */
export interface AutomationScript {
  readonly name: string;
  /** The source below `src/script`, without its ending. */
  readonly source: string;
  readonly comment: string;
  readonly tags: readonly string[];
  readonly arguments: readonly Argument[];
  readonly outputs: readonly Output[];
  /** Commands that have to be there. */
  readonly dependsOn: readonly string[];
}

const COMMANDS = ['arcanna-send-event-feedback', 'verdict-map-close-reason', 'arcanna-get-feedback-field'];

export const SCRIPTS: readonly AutomationScript[] = [
  {
    name: 'VerdictCloseFeedback',
    source: 'close-feedback',
    comment:
      'Verdict - Close feedback, a post-processing script: sends an analyst’s close to Verdict as feedback. Never stops a close: what could not be sent is noted in Verdict Feedback and sent later by Verdict - Resend feedback. A close by a playbook, and a close reason that is not mapped, are not sent.',
    tags: ['post-processing'],
    arguments: [
      { name: 'closeReason', description: 'Why the incident is closed; XSOAR gives it.' },
      { name: 'closeNotes', description: 'What the analyst wrote; XSOAR gives it.' },
      { name: 'closingUserId', description: 'Who closes the incident; XSOAR gives it.' },
      { name: 'ClosingUserId', description: 'The same, as some versions of XSOAR write it.' },
    ],
    outputs: [
      { path: 'Verdict.MachineClose.by', type: 'String', description: 'The playbook whose close was seen last.' },
      { path: 'Verdict.MachineClose.reason', type: 'String', description: 'The reason of that close.' },
      { path: 'Verdict.MachineClose.notes', type: 'String', description: 'Its notes.' },
      { path: 'Verdict.MachineClose.user', type: 'String', description: 'The name that it stands under.' },
    ],
    dependsOn: COMMANDS,
  },
  {
    name: 'VerdictResendFeedback',
    source: 'resend-feedback',
    comment: 'Sends the feedback of closed incidents whose field Verdict Feedback says that it was not sent.',
    tags: ['Utility'],
    arguments: [
      {
        name: 'query',
        required: true,
        description: 'Which incidents to look at.',
        defaultValue: 'status:closed and verdictfeedback:not*',
      },
      { name: 'limit', description: 'At most so many incidents.', defaultValue: '100' },
    ],
    outputs: [
      { path: 'Verdict.Resend.sent', type: 'Number', description: 'Incidents whose feedback was sent.' },
      { path: 'Verdict.Resend.failed', type: 'Number', description: 'Incidents whose feedback could not be sent again.' },
      { path: 'Verdict.Resend.left', type: 'Number', description: 'Incidents that wait for the next run.' },
      { path: 'Verdict.Resend.skipped', type: 'Number', description: 'Incidents whose close reason is not mapped to a label.' },
      { path: 'Verdict.Resend.incidents', type: 'Unknown', description: 'For each incident what became of it.' },
    ],
    dependsOn: COMMANDS,
  },
];
