/** A system that sends events, as it is stored. */
export interface Integration {
  /** From 1001, never given twice. */
  readonly id: number;
  readonly title: string;
  /** Name of its type: `Cortex XSOAR`. */
  readonly type: string;
  /** Parameters that are no secrets, by name. */
  readonly plain: Readonly<Record<string, unknown>>;
  /** Secret parameters, each sealed. The API key is not among them: only its hash is kept, with the keys. */
  readonly sealed: Readonly<Record<string, string>>;
  readonly keyId: number | null;
  /** The key was made for this integration, so it goes when the integration goes or gets another. */
  readonly ownsKey: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
}

/** A job that an integration is wired to. */
export interface IntegrationUser {
  readonly jobId: number;
  readonly title: string;
  readonly role: string;
  readonly enabled: boolean;
}

/** The longest title, in characters. */
export const TITLE_MAX = 200;

/** What is shown in place of a secret; sent back, it means "unchanged". */
export const MASK = '********';

/** The parameter that names, gives or asks for the key of an input. */
export const KEY_PARAMETER = 'api_key';

/** Parameters as they may be shown: what is secret is there, but masked. */
export function maskedParameters({
  keyId,
  plain,
  sealed,
}: Pick<Integration, 'keyId' | 'plain' | 'sealed'>): Record<string, unknown> {
  return {
    ...(keyId === null ? {} : { [KEY_PARAMETER]: MASK }),
    ...plain,
    ...Object.fromEntries(Object.keys(sealed).map((name) => [name, MASK])),
  };
}

/** How the callers of an input want to be answered and counted. */
export interface InputSettings {
  /** `legacy` = results as `drop_alert` and `escalate_alert`. */
  readonly resultForm: 'class_id' | 'legacy';
  /** Names of voters that are automations, in lower case. */
  readonly machineNames: readonly string[];
}

/** Voters that are automations where an integration names none. */
const DEFAULT_MACHINE_NAMES: readonly string[] = ['dbot'];

/** The settings of an input with their defaults. */
export function inputSettings({ plain }: Pick<Integration, 'plain'>): InputSettings {
  const { result_form, machine_users } = plain;
  const names = Array.isArray(machine_users) ? (machine_users as readonly string[]) : DEFAULT_MACHINE_NAMES;
  return {
    resultForm: result_form === 'legacy' ? 'legacy' : 'class_id',
    machineNames: names.map((name) => name.trim().toLowerCase()),
  };
}
