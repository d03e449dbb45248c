import { OUR_COMMANDS } from './our-commands.ts';
import { DECISION_OUTPUTS, EVENT_OUTPUTS, jobOutputs } from './outputs.ts';
import type { ArgumentsOf, CommandSpec } from './table.ts';

const JOB_ID = { name: 'job_id', description: 'The AI use case; without it the default of the instance.' } as const;
const JOB_ID_REQUIRED = { name: 'job_id', required: true, description: 'The AI use case.' } as const;
const EVENT_ID = { name: 'event_id', required: true, description: 'The id of the event in Verdict.' } as const;
const USERNAME = { name: 'username', required: true, description: 'The name under which Verdict records it.' } as const;

/** What Arcanna’s packs offer, with the same names, arguments and outputs. */
const ARCANNA_COMMANDS = [
  {
    name: 'arcanna-get-jobs',
    description: 'Lists the AI use cases that the key may use.',
    arguments: [],
    outputs: jobOutputs('Arcanna.Jobs'),
    example: '!arcanna-get-jobs',
  },
  {
    name: 'arcanna-send-event',
    description: 'Sends an alert to be decided.',
    arguments: [
      { name: 'event_json', required: true, description: 'The alert: a JSON object, or its text.' },
      { name: 'title', required: true, description: 'The title of the alert.' },
      JOB_ID,
      { name: 'severity', description: 'The severity, a number.' },
      {
        name: 'id_value',
        description:
          'The id that the event is to have. The same alert again under the same id changes nothing; another one becomes a new version.',
      },
    ],
    outputs: [
      ...EVENT_OUTPUTS,
      {
        path: 'Arcanna.Event.status',
        type: 'String',
        description: 'pending_inference; the decision comes from arcanna-get-event-status.',
      },
      { path: 'Arcanna.Event.error_message', type: 'String', description: 'Empty, or what went wrong.' },
      { path: 'Verdict.Sent.event_id', type: 'String', description: 'The id of the event.' },
      { path: 'Verdict.Sent.job_id', type: 'Number', description: 'The AI use case that took it.' },
      {
        path: 'Verdict.Sent.server',
        type: 'String',
        description: 'The address of the service that took it; several entries where several instances did.',
      },
    ],
    example: '!arcanna-send-event title="Encoded command" event_json=`{"rule":{"name":"Encoded command"}}` severity=3',
  },
  {
    name: 'arcanna-get-event-status',
    description: 'Gets the decision on an event.',
    polling: true,
    arguments: [
      EVENT_ID,
      JOB_ID,
      {
        name: 'polling',
        predefined: ['true', 'false'],
        defaultValue: 'false',
        description:
          'true waits for the decision, where the platform schedules commands (XSOAR 6.2 and later); use GenericPolling on older ones.',
      },
      { name: 'interval', defaultValue: '15', description: 'Seconds between two questions while it waits.' },
      { name: 'timeout', defaultValue: '120', description: 'Seconds after which it gives back what it has, decided or not.' },
    ],
    outputs: DECISION_OUTPUTS,
    example: '!arcanna-get-event-status event_id=4711 polling=true',
  },
  {
    name: 'arcanna-get-decision-set',
    description: 'Gets the labels that an AI use case decides between.',
    arguments: [JOB_ID_REQUIRED],
    outputs: [
      { path: 'Arcanna.Event.job_id', type: 'Number', description: 'The AI use case.' },
      { path: 'Arcanna.Event.decision_set', type: 'Unknown', description: 'The labels, a list.' },
    ],
    example: '!arcanna-get-decision-set job_id=1201',
  },
  {
    name: 'arcanna-send-event-feedback',
    description:
      'Tells Verdict what an analyst says of an event. What is no label of the AI use case is refused before anything is sent.',
    execution: true,
    arguments: [
      EVENT_ID,
      USERNAME,
      { name: 'feedback', description: 'The label: its name, or its class such as class_1.' },
      { name: 'label', description: 'The same, for older playbooks; feedback wins where both are given.' },
      JOB_ID,
      {
        name: 'decision_set',
        isArray: true,
        description: 'The labels to check the feedback against; without them Verdict is asked.',
      },
      {
        name: 'close_reason',
        deprecated: true,
        description: 'Deprecated. Taken from older playbooks and not used: the label says it.',
      },
      { name: 'closing_notes', deprecated: true, description: 'Deprecated. What the analyst wrote; kept with the feedback.' },
      { name: 'indicators', deprecated: true, description: 'Deprecated. Indicators as JSON; kept with the feedback.' },
    ],
    outputs: [
      { path: 'Arcanna.Event.event_id', type: 'String', description: 'The id of the event.' },
      { path: 'Arcanna.Event.job_id', type: 'Number', description: 'The AI use case.' },
      { path: 'Arcanna.Event.status', type: 'String', description: 'updated.' },
      { path: 'Arcanna.Event.feedback_status', type: 'String', description: 'updated.' },
    ],
    example: '!arcanna-send-event-feedback event_id=4711 username=ana feedback=Drop',
  },
  {
    name: 'arcanna-trigger-train',
    description: 'Starts the training of an AI use case.',
    execution: true,
    arguments: [JOB_ID_REQUIRED, USERNAME],
    outputs: [
      { path: 'Arcanna.Train.job_id', type: 'Number', description: 'The AI use case.' },
      { path: 'Arcanna.Train.status', type: 'String', description: 'OK, or ERROR where it cannot start.' },
      { path: 'Arcanna.Train.error_message', type: 'String', description: 'Why it cannot start.' },
    ],
    example: '!arcanna-trigger-train job_id=1201 username=ana',
  },
  {
    name: 'arcanna-export-event',
    description: 'Gets an event with everything that Verdict knows about it.',
    arguments: [JOB_ID_REQUIRED, EVENT_ID],
    outputs: [
      ...EVENT_OUTPUTS,
      { path: 'Arcanna.Event.status', type: 'String', description: 'OK.' },
      { path: 'Arcanna.Event.error_message', type: 'String', description: 'Empty, or what went wrong.' },
      {
        path: 'Arcanna.Event.arcanna_event',
        type: 'Unknown',
        description: 'The alert’s own fields, and the decision under arcanna.',
      },
    ],
    example: '!arcanna-export-event job_id=1201 event_id=4711',
  },
  {
    name: 'arcanna-get-default-job-id',
    description: 'Says which AI use case is taken where a command names none.',
    arguments: [],
    outputs: [
      { path: 'Arcanna.Default_Job_Id', type: 'String', description: 'The default AI use case; empty where none is set.' },
    ],
    example: '!arcanna-get-default-job-id',
  },
  {
    name: 'arcanna-set-default-job-id',
    description: 'Sets which AI use case is taken where a command names none. Wins over the parameter of the instance.',
    arguments: [JOB_ID_REQUIRED],
    outputs: [{ path: 'Arcanna.Default_Job_Id', type: 'String', description: 'The default AI use case.' }],
    example: '!arcanna-set-default-job-id job_id=1201',
  },
  {
    name: 'arcanna-send-bulk-events',
    description:
      'Sends many alerts at once. Incidents that a person closed with a mapped close reason carry their label along; others carry none.',
    execution: true,
    arguments: [
      JOB_ID_REQUIRED,
      {
        name: 'events',
        required: true,
        isArray: true,
        description:
          'A JSON list: incidents as XSOAR has them, or objects with raw_body, and title, severity, event_id, label as wanted.',
      },
    ],
    outputs: [
      { path: 'Arcanna.Bulk.job_id', type: 'Number', description: 'The AI use case.' },
      { path: 'Arcanna.Bulk.status', type: 'String', description: 'ok, or partial where some were refused.' },
      { path: 'Arcanna.Bulk.results', type: 'Unknown', description: 'For each event its id, status and error message.' },
    ],
    example: '!arcanna-send-bulk-events job_id=1201 events=`[{"title":"A","raw_body":{"user":"ana"}}]`',
  },
  {
    name: 'arcanna-get-feedback-field',
    description: 'Says which field of an incident holds what is mapped to a label.',
    arguments: [],
    outputs: [{ path: 'Arcanna.FeedbackField', type: 'String', description: 'The name of the field.' }],
    example: '!arcanna-get-feedback-field',
  },
] as const satisfies readonly CommandSpec[];

/** Every command of the integration: the single source of its yml, its README and the types of its script. */
export const COMMANDS = [...ARCANNA_COMMANDS, ...OUR_COMMANDS] as const;

export type CommandName = (typeof COMMANDS)[number]['name'];

/** The arguments of a command by its name. */
export type ArgumentsByName = { readonly [C in (typeof COMMANDS)[number] as C['name']]: ArgumentsOf<C> };
