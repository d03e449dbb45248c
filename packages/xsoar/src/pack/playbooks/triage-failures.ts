// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is how XSOAR names a value of the context
import type { Task } from './task.ts';

/** *Verdict - Triage* without Verdict: why is noted in the incident, and a person reviews it by hand. */
export const REVIEW_BY_HAND: readonly Task[] = [
  {
    kind: 'command',
    id: '40',
    name: 'Note that there is no alert',
    description: 'Nothing was sent.',
    command: 'Builtin|||setIncident',
    arguments: { verdicterrormessage: 'The incident has no raw alert: set the input event_json of Verdict - Triage.' },
    next: '45',
    onError: '45',
  },
  {
    kind: 'command',
    id: '41',
    name: 'Note that the alert was not sent',
    description: 'The task before says why in the War Room.',
    command: 'Builtin|||setIncident',
    arguments: { verdicterrormessage: 'The alert was not sent to Verdict: the War Room says why.' },
    next: '45',
    onError: '45',
  },
  {
    kind: 'command',
    id: '42',
    name: 'Note that Verdict did not answer',
    description: 'The task before says why in the War Room.',
    command: 'Builtin|||setIncident',
    arguments: { verdicterrormessage: 'Verdict was not asked for the decision: the War Room says why.' },
    next: '45',
    onError: '45',
  },
  {
    kind: 'command',
    id: '43',
    name: 'Note that there is no decision',
    description: 'The analyst’s answer is what Verdict learns from.',
    command: 'Builtin|||setIncident',
    arguments: {
      verdicterrormessage:
        'Verdict has no decision (status ${Arcanna.Event.status}, result ${Arcanna.Event.result}). ${Arcanna.Event.error_message}',
    },
    next: '30',
    onError: '30',
  },
  {
    kind: 'command',
    id: '44',
    name: 'Note that the labels are not known',
    description: 'The task before says why in the War Room.',
    command: 'Builtin|||setIncident',
    arguments: { verdicterrormessage: 'Verdict was not asked for its labels: the War Room says why.' },
    next: '46',
    onError: '46',
  },
  {
    kind: 'command',
    id: '47',
    name: 'Note that several instances answered',
    description: 'Each may have decided something else.',
    command: 'Builtin|||setIncident',
    arguments: {
      verdicterrormessage:
        'Several instances of Verdict took the alert, and they may decide differently: name one of them in the input instance of Verdict - Triage.',
    },
    next: '45',
    onError: '45',
  },
  {
    kind: 'script',
    id: '45',
    name: 'Assign an analyst to review by hand',
    description: 'The analyst with the least to do.',
    script: 'AssignAnalystToIncident',
    arguments: { assignBy: 'less-busy-user', roles: '${inputs.roles}' },
    next: '46',
    onError: '46',
  },
  {
    kind: 'manual',
    id: '46',
    name: 'Review the incident by hand',
    description: 'Verdict did not decide on this incident: the field Verdict Error Message says why. Decide and close it.',
    next: '99',
  },
  {
    kind: 'manual',
    id: '48',
    name: 'See to the feedback by hand',
    description:
      'What became of the answer could not be noted in the incident. The War Room says whether it was sent; where it was not, give the feedback in Verdict.',
    next: '99',
  },
];
