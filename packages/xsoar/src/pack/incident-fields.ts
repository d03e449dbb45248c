/** A field that the pack adds to incidents. */
export interface IncidentField {
  readonly name: string;
  readonly type: 'shortText' | 'number';
  readonly description: string;
}

export const INCIDENT_FIELDS: readonly IncidentField[] = [
  { name: 'Verdict Job ID', type: 'shortText', description: 'The AI use case that decided.' },
  { name: 'Verdict Event ID', type: 'shortText', description: 'The id of the event in Verdict.' },
  { name: 'Verdict Decision', type: 'shortText', description: 'The label that Verdict chose.' },
  { name: 'Verdict Decision Confidence Score', type: 'number', description: 'How sure Verdict is, in percent.' },
  {
    name: 'Verdict Outlier Flag',
    type: 'shortText',
    description: 'Whether the alert is far from everything Verdict was trained on.',
  },
  { name: 'Verdict Bucket State', type: 'shortText', description: 'new, pending, in_knowledge_base or retrain.' },
  { name: 'Verdict Error Message', type: 'shortText', description: 'Why there is no decision.' },
  { name: 'Verdict Feedback', type: 'shortText', description: 'The label that an analyst gave, or “not sent: …”.' },
  { name: 'Verdict Feedback User', type: 'shortText', description: 'The analyst who gave it.' },
];

/** How commands and queries call a field. */
export function cliName({ name }: Pick<IncidentField, 'name'>): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** The JSON of a field. */
export function incidentFieldJson(field: IncidentField): Readonly<Record<string, unknown>> {
  return {
    id: `incident_${cliName(field)}`,
    version: -1,
    modified: '2026-11-28T00:00:00Z',
    name: field.name,
    ownerOnly: false,
    description: field.description,
    cliName: cliName(field),
    type: field.type,
    closeForm: false,
    editForm: true,
    required: false,
    script: '',
    fieldCalcScript: '',
    neverSetAsRequired: false,
    isReadOnly: false,
    useAsKpi: false,
    locked: false,
    system: false,
    content: true,
    group: 0,
    hidden: false,
    openEnded: false,
    associatedTypes: null,
    systemAssociatedTypes: null,
    associatedToAll: true,
    unmapped: false,
    unsearchable: false,
    caseInsensitive: true,
    sla: 0,
    threshold: 72,
    fromVersion: '5.5.0',
  };
}
