import { parse } from 'acorn';
import type { Data } from '../safe-yaml.ts';
import type { Finding, RuleId, Severity } from './finding.ts';
import { dataAt, isThere, listAt, type PackDocument, textAt } from './pack-files.ts';

type Path = readonly (string | number)[];

/** Characters of a description that says something. */
const SHORTEST = 3;

/** Collects the findings of one document. */
export class Findings {
  readonly found: Finding[] = [];
  readonly #document: PackDocument;

  constructor(document: PackDocument) {
    this.#document = document;
  }

  add(rule: RuleId, path: Path, message: string, mend: string, severity: Severity = 'error'): void {
    this.at(rule, path, placeOf(path), message, mend, severity);
  }

  /** The same with a name for the place. */
  at(rule: RuleId, path: Path, place: string, message: string, mend: string, severity: Severity = 'error'): void {
    const { path: file } = this.#document;
    this.found.push({ file, line: this.#document.lineOf(path), place, rule, severity, message, mend });
  }
}

/** Where a task of a playbook stands in its file. */
export function taskPlace(task: { readonly id: string }, ...more: string[]): string[] {
  return ['tasks', task.id, ...more];
}

function placeOf(path: Path): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
}

const PARAMETER_TYPES = new Set([
  '0',
  '1',
  '4',
  '8',
  '9',
  '12',
  '13',
  '14',
  '15',
  '16',
  '17',
  '18',
  '19',
  '20',
  '21',
  '22',
  '23',
]);
const OUTPUT_TYPES = new Set([
  'Unknown',
  'Unspecified',
  'Number',
  'Date',
  'String',
  'Boolean',
  'List',
  'Dict',
  'Dictionary',
  'Object',
  'unknown',
  'number',
  'date',
  'string',
  'boolean',
]);
/** Names of secrets, but not of what is around them, such as the address where a token is got. */
const SECRET = /(api[-_ ]?key|token|password|secret)(?![\w ]*(url|uri|endpoint|header|name|id|type|expir|lifetime|ttl))/i;

const EXACT = {
  insecure: { display: 'Trust any certificate (not secure)', type: '8' },
  proxy: { display: 'Use system proxy settings', type: '8' },
} as const;

/** Checks the yml of an integration. */
export function checkIntegration(document: PackDocument): Finding[] {
  const findings = new Findings(document);
  const { data } = document;
  needKeys(findings, data, ['commonfields', 'name', 'display', 'category', 'description', 'configuration', 'script']);
  checkCommon(findings, data);
  needLists(findings, data, [], ['configuration']);
  needLists(findings, dataAt(data, 'script'), ['script'], ['commands']);
  for (const [index, parameter] of listAt(data, 'configuration').entries())
    checkParameter(findings, parameter, ['configuration', index]);
  const names = listAt(data, 'configuration').map((parameter) => textAt(parameter, 'name'));
  if (names.some((name) => /url|server|host/i.test(name))) {
    for (const name of ['insecure', 'proxy'] as const) {
      if (names.includes(name)) continue;
      findings.add(
        name,
        ['configuration'],
        `An integration that speaks to a server has no parameter ${name}.`,
        `Add ${name}: ${EXACT[name].display}, type ${EXACT[name].type}, not required.`,
        'warning',
      );
    }
  }
  for (const [index, command] of listAt(data, 'script', 'commands').entries()) {
    const path = ['script', 'commands', index];
    const name = textAt(command, 'name');
    if (name === '') findings.add('required-keys', path, 'A command has no name.', 'Give it a name.');
    needText(findings, command, path, 'description', `The command ${name}`);
    checkArgumentsAndOutputs(findings, command, path, 'arguments', name);
  }
  return findings.found;
}

/** Checks the yml of a script. */
export function checkScript(document: PackDocument): Finding[] {
  const findings = new Findings(document);
  const { data } = document;
  needKeys(findings, data, ['commonfields', 'name', 'script', 'type', 'comment']);
  checkCommon(findings, data);
  checkArgumentsAndOutputs(findings, data, [], 'args', textAt(data, 'name'));
  return findings.found;
}

/** Checks the JSON of an incident field. */
export function checkIncidentField(document: PackDocument): Finding[] {
  const findings = new Findings(document);
  const { data } = document;
  needKeys(findings, data, ['id', 'name', 'cliName', 'type', 'group', 'version']);
  checkVersions(findings, data, 'fromVersion');
  const cliName = textAt(data, 'cliName');
  if (!/^[a-z0-9]+$/.test(cliName)) {
    findings.add(
      'field-name',
      ['cliName'],
      `The cliName "${cliName}" is not made of small letters and digits.`,
      'Write the name in small letters, without blanks and signs.',
    );
  }
  if (textAt(data, 'id') !== `incident_${cliName}`) {
    findings.add('field-name', ['id'], `The id is "${textAt(data, 'id')}".`, `Make it incident_${cliName}.`);
  }
  return findings.found;
}

/** Checks the JSON of a dashboard. */
export function checkDashboard(document: PackDocument): Finding[] {
  const findings = new Findings(document);
  const { data } = document;
  needKeys(findings, data, ['id', 'name', 'layout', 'version']);
  needLists(findings, data, [], ['layout']);
  checkVersions(findings, data, 'fromVersion');
  for (const [index, widget] of listAt(data, 'layout').entries()) {
    if (!isThere(widget, 'id')) findings.add('required-keys', ['layout', index], 'A widget has no id.', 'Give it an id.');
  }
  return findings.found;
}

/** Checks JavaScript of the pack, in a file of its own or inside a unified yml. */
export function checkEs5(code: string, file: string, place = ''): Finding[] {
  try {
    // XSOAR puts the script into a function, so it may return at its top.
    parse(code, { ecmaVersion: 5, sourceType: 'script', allowReturnOutsideFunction: true });
    return [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, line = '1'] = /\((\d+):\d+\)$/.exec(error.message) ?? [];
    return [
      {
        file,
        line: place === '' ? Number(line) : 1,
        place: place === '' ? '' : `${place}, line ${line} of the script`,
        rule: 'es5',
        severity: 'error',
        message: `The script is not ES5.1: ${error.message.replace(/ \(\d+:\d+\)$/, '')}.`,
        mend: 'Write it without syntax newer than ES5.1, or build it for that.',
      },
    ];
  }
}

function needKeys(findings: Findings, data: Data, keys: readonly string[]): void {
  for (const key of keys) {
    if (!isThere(data, key)) findings.add('required-keys', [key], `The key ${key} is missing.`, `Add ${key}.`);
  }
}

/** What is read as a list is one, where it is there. */
function needLists(findings: Findings, data: Data | undefined, path: Path, keys: readonly string[]): void {
  for (const key of keys) {
    if (isThere(data, key) && !Array.isArray(dataAt(data, key)))
      findings.add('required-keys', [...path, key], `${key} is not a list.`, 'Make it a list.');
  }
}

function needText(findings: Findings, data: Data | undefined, path: Path, key: string, what: string): void {
  const text = textAt(data, key).trim();
  if (text.length >= SHORTEST) return;
  const says = text === '' ? 'has no description' : `has "${text}" for a description`;
  findings.add('described', [...path, key], `${what} ${says}.`, `Say under ${key} what it is for.`);
}

function checkCommon(findings: Findings, data: Data): void {
  const id = textAt(data, 'commonfields', 'id');
  const name = textAt(data, 'name');
  if (id !== name)
    findings.add('id-is-name', ['commonfields', 'id'], `The id "${id}" is not the name "${name}".`, 'Make them the same.');
  if (textAt(data, 'commonfields', 'version') !== '-1') {
    findings.add(
      'version-minus-one',
      ['commonfields', 'version'],
      'The version of the item is not -1.',
      'Set commonfields.version to -1.',
    );
  }
  checkFromVersion(findings, data, 'fromversion');
}

/** Checks `version` and the lowest version of XSOAR of items that have both at their top. */
export function checkVersions(findings: Findings, data: Data, key: 'fromversion' | 'fromVersion'): void {
  checkVersion(findings, data);
  checkFromVersion(findings, data, key);
}

/** The same without the version of XSOAR, which a test playbook may leave open. */
export function checkVersion(findings: Findings, data: Data): void {
  if (textAt(data, 'version') !== '-1')
    findings.add('version-minus-one', ['version'], 'The version of the item is not -1.', 'Set version to -1.');
}

function checkFromVersion(findings: Findings, data: Data, key: string): void {
  if (!/^\d+\.\d+\.\d+$/.test(textAt(data, key))) {
    findings.add('from-version', [key], `${key} is missing or not three numbers with dots.`, `Add ${key}, like 5.5.0.`);
  }
}

function checkParameter(findings: Findings, parameter: Data, path: Path): void {
  const name = textAt(parameter, 'name');
  const type = textAt(parameter, 'type');
  if (name === '') findings.add('required-keys', path, 'A parameter has no name.', 'Give it a name.');
  if (!PARAMETER_TYPES.has(type))
    findings.add(
      'typed',
      path,
      `The parameter ${name} has the type "${type}".`,
      'Use a type that XSOAR knows, like 0 (short text), 8 (yes or no), 9 (credentials).',
    );
  const exact = name === 'insecure' || name === 'proxy' ? EXACT[name] : undefined;
  if (exact !== undefined) {
    const required = dataAt(parameter, 'required');
    if (textAt(parameter, 'display') !== exact.display || type !== exact.type || (required !== undefined && required !== false)) {
      findings.add(
        name === 'proxy' ? 'proxy' : 'insecure',
        path,
        `The parameter ${name} is not as in all packs.`,
        `Make it: display "${exact.display}", type ${exact.type}, required false.`,
      );
    }
    return;
  }
  if (type === '9') {
    const namedUser = textAt(parameter, 'display').trim() !== '' && dataAt(parameter, 'hiddenusername') !== true;
    if (!namedUser && dataAt(parameter, 'hiddenusername') !== true) {
      findings.add(
        'credentials',
        path,
        `The credentials ${name} show a user name without a title.`,
        'Give display a title, or set hiddenusername: true and displaypassword.',
      );
    }
    if (dataAt(parameter, 'hiddenusername') === true && textAt(parameter, 'displaypassword') === '') {
      findings.add(
        'credentials',
        path,
        `The credentials ${name} hide the user name, and the secret has no title.`,
        'Set displaypassword.',
        // XSOAR shows the title of the two in its place.
        textAt(parameter, 'display').trim() === '' ? 'error' : 'warning',
      );
    }
    return;
  }
  // True, or the marketplaces in which it is.
  const hidden = dataAt(parameter, 'hidden') === true || listAt(parameter, 'hidden').length > 0;
  if (type === '4' && SECRET.test(name) && !hidden) {
    findings.add(
      'credentials',
      path,
      `The secret ${name} is of type 4.`,
      'Use type 9 (credentials); keep the old one with hidden: true for instances that have it.',
      'warning',
    );
  }
  if ((type === '0' || type === '12') && SECRET.test(name) && !hidden) {
    findings.add(
      'credentials',
      path,
      `The parameter ${name} looks like a secret and is plain text.`,
      'Use type 9 (credentials).',
      'warning',
    );
  }
  if (textAt(parameter, 'display').trim() === '')
    findings.add('described', path, `The parameter ${name} has no title.`, 'Set display.');
}

function checkArgumentsAndOutputs(findings: Findings, data: Data, path: Path, key: 'arguments' | 'args', of: string): void {
  needLists(findings, data, path, [key, 'outputs']);
  for (const [index, argument] of listAt(data, key).entries()) {
    const at = [...path, key, index];
    const name = textAt(argument, 'name');
    if (name === '') findings.add('required-keys', at, `An argument of ${of} has no name.`, 'Give it a name.');
    needText(findings, argument, at, 'description', `The argument ${name} of ${of}`);
  }
  for (const [index, output] of listAt(data, 'outputs').entries()) {
    const at = [...path, 'outputs', index];
    const context = textAt(output, 'contextPath');
    if (context === '')
      findings.add('required-keys', at, `An output of ${of} has no contextPath.`, 'Say where in the context it stands.');
    needText(findings, output, at, 'description', `The output ${context} of ${of}`);
    if (!OUTPUT_TYPES.has(textAt(output, 'type'))) {
      findings.add(
        'typed',
        at,
        `The output ${context} of ${of} has ${textAt(output, 'type') === '' ? 'no type' : `the type "${textAt(output, 'type')}"`}.`,
        'Use String, Number, Boolean, Date or Unknown.',
        'warning',
      );
    }
  }
}
