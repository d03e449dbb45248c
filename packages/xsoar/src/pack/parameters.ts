/** A parameter of an instance. `type` is XSOAR's number: 0 short text, 4 encrypted, 8 yes or no, 9 credentials, 12 long text. */
export interface Parameter {
  readonly name: string;
  readonly display: string;
  readonly displaypassword?: string;
  readonly hiddenusername?: true;
  readonly hidden?: true;
  readonly type: 0 | 4 | 8 | 9 | 12;
  readonly required: boolean;
  readonly defaultvalue?: string;
  readonly section: 'Connect' | 'Collect';
  readonly additionalinfo?: string;
}

/** The parameters of an instance, in the order in which XSOAR shows them. */
export const PARAMETERS: readonly Parameter[] = [
  {
    name: 'url',
    display: 'Server URL (for example https://verdict.example.com:9666)',
    type: 0,
    required: true,
    section: 'Connect',
    additionalinfo: 'The address of Verdict. XSOAR in the cloud reaches a Verdict inside through an engine.',
  },
  {
    name: 'credentials',
    display: '',
    displaypassword: 'API Key',
    hiddenusername: true,
    type: 9,
    required: false,
    section: 'Connect',
    additionalinfo: 'The key of the Cortex XSOAR integration in Verdict (Integrations → Cortex XSOAR).',
  },
  {
    name: 'apikey',
    display: 'API Key (of older instances)',
    type: 4,
    required: false,
    hidden: true,
    section: 'Connect',
    additionalinfo: 'Instances that were made before keys became credentials go on working with this one.',
  },
  {
    name: 'default_job_id',
    display: 'Default job id',
    type: 0,
    required: false,
    section: 'Collect',
    additionalinfo: 'The AI use case that is taken where a command names none. Without it every command has to name one.',
  },
  {
    name: 'close_reason_mapping',
    display: 'Close reasons and the labels that they stand for',
    type: 12,
    required: false,
    defaultvalue: 'False Positive=Drop\nResolved=Escalate',
    section: 'Collect',
    additionalinfo:
      'One “reason=Label” a line, or a JSON object. A reason that is not here is not a label: do not map reasons such as Duplicate or Other, which say nothing about the alert.',
  },
  {
    name: 'closing_reason_field',
    display: 'Field with the close reason',
    type: 0,
    required: false,
    defaultvalue: 'closeReason',
    section: 'Collect',
    additionalinfo: 'The field of an incident whose value is mapped to a label.',
  },
  { name: 'insecure', display: 'Trust any certificate (not secure)', type: 8, required: false, section: 'Connect' },
  { name: 'proxy', display: 'Use system proxy settings', type: 8, required: false, section: 'Connect' },
];
