import { COMMANDS } from './commands.ts';
import { INCIDENT_FIELDS } from './incident-fields.ts';
import { PACK_VERSION } from './names.ts';
import { PARAMETERS } from './parameters.ts';
import { PLAYBOOKS } from './playbooks/index.ts';
import type { PlaybookSource } from './playbooks/task.ts';
import { type AutomationScript, SCRIPTS } from './scripts.ts';
import type { CommandSpec } from './table.ts';

/** README of the pack. */
export function packReadme(): string {
  return lines(
    'Verdict learns a SOC’s triage decisions from its analysts. This pack sends alerts to it, brings back what it decides, how sure it is and why, and sends back what analysts decide, so that it goes on learning.',
    '',
    '## What is in it',
    '- The integration **Verdict**, with the commands of Arcanna.AI’s packs and four of its own.',
    ...PLAYBOOKS.filter(({ isTest }) => !isTest).map(({ name, description }) => `- The playbook **${name}**. ${description}`),
    ...SCRIPTS.map(({ name, comment }) => `- The script **${name}**. ${comment}`),
    '- The dashboard **Verdict**: decisions, bucket states, confidence, and where analysts and Verdict disagree.',
    `- Incident fields: ${INCIDENT_FIELDS.map(({ name }) => name).join(', ')}.`,
    '',
    '## Before you begin',
    'The pack takes the place of Arcanna.AI’s: the commands have the same names. **Disable instances of Arcanna.AI first**, or XSOAR runs each command on both. Playbooks go on working as they are, unless a task names the brand Arcanna.AI. Fields do not collide: all of these begin with *Verdict*.',
    '',
    'Playbooks with error paths need XSOAR 6.8 or later; the integration and the scripts run on 5.5.0 and later. The playbooks use GenericPolling, Set, DeleteContext and AssignAnalystToIncident of the packs Common Playbooks and Common Scripts.',
    '',
    '## Closing the loop',
    'Choose **VerdictCloseFeedback** as the post-processing script of an incident type. When an analyst closes an incident, the close reason is mapped to a label by the parameter of the instance. A reason that is not mapped is not a label, and a close by a playbook is not an analyst’s word: neither is sent. An outage never stops anybody from closing; run **Verdict - Resend feedback** as a job to send later what could not be sent.',
  );
}

/** README of the integration: parameters and commands, from the tables. */
export function integrationReadme(): string {
  return lines(
    'Sends alerts to Verdict, gets its decisions, and tells it what analysts decide.',
    '',
    '## Configure Verdict in Cortex',
    '',
    ...table(
      ['Parameter', 'Description', 'Required'],
      PARAMETERS.filter(({ hidden }) => !hidden).map(({ display, displaypassword, additionalinfo, required }) => [
        display || displaypassword || '',
        additionalinfo ?? '',
        required ? 'True' : 'False',
      ]),
    ),
    '',
    '## Commands',
    '',
    'You can execute these commands from the CLI, as part of an automation, or in a playbook.',
    ...COMMANDS.flatMap(commandText),
  );
}

/** What is shown beside the form of an instance. */
export function integrationDescription(): string {
  return lines(
    '1. In Verdict open **Integrations**, choose **Cortex XSOAR**, and copy the API key.',
    '2. Here fill in the address of Verdict, such as `https://verdict.example.com:9666`, and the API key.',
    '3. **Test** says `ok`, or what is wrong.',
    '',
    'Verdict listens on its own machine only, until `VERDICT_HOST` says otherwise; then it wants a certificate (`VERDICT_TLS_CERT`, `VERDICT_TLS_KEY`), or `VERDICT_ALLOW_HTTP=1` in a network that you trust. XSOAR in the cloud reaches it through an engine.',
    '',
    'Disable instances of Arcanna.AI first: the commands have the same names.',
  );
}

/** README of a playbook. */
export function playbookReadme({ name, description, inputs, outputs }: PlaybookSource, picture: string): string {
  return lines(
    description,
    '',
    '## Playbook Inputs',
    '',
    ...(inputs.length === 0
      ? ['There are no inputs for this playbook.']
      : table(
          ['Name', 'Description', 'Default Value', 'Required'],
          inputs.map(({ key, description: what, value, required }) => [
            key,
            what,
            typeof value === 'string' ? value : `\${${value.root}${value.accessor === undefined ? '' : `.${value.accessor}`}}`,
            required ? 'Required' : 'Optional',
          ]),
        )),
    '',
    '## Playbook Outputs',
    '',
    ...(outputs.length === 0
      ? ['There are no outputs for this playbook.']
      : table(
          ['Path', 'Description', 'Type'],
          outputs.map(({ contextPath, description: what, type }) => [contextPath, what, type]),
        )),
    '',
    '## Playbook Image',
    '',
    `![${name}](${picture})`,
  );
}

/** README of an automation script. */
export function scriptReadme(script: AutomationScript): string {
  return lines(
    script.comment,
    '',
    '## Inputs',
    '',
    ...table(
      ['Argument Name', 'Description'],
      script.arguments.map(({ name, description }) => [name, description]),
    ),
    '',
    '## Outputs',
    '',
    ...(script.outputs.length === 0
      ? ['There are no outputs for this script.']
      : table(
          ['Path', 'Description', 'Type'],
          script.outputs.map(({ path, description, type }) => [path, description, type]),
        )),
  );
}

/** Each command once as it is typed in the War Room, one a line. */
export function commandExamples(): string {
  return lines(...COMMANDS.map(({ example }) => example));
}

/** Release notes of this version. */
export function releaseNotes(): string {
  return lines(
    '',
    '#### Integrations',
    '',
    '##### Verdict',
    '',
    `- Version ${PACK_VERSION}: sends alerts to Verdict, gets decisions and the reasons for them, sends feedback, starts trainings.`,
    '',
    '#### Playbooks',
    '',
    ...PLAYBOOKS.filter(({ isTest }) => !isTest).flatMap(({ name, description }) => [
      `##### ${name}`,
      '',
      `- New: ${description}`,
      '',
    ]),
    '#### Scripts',
    '',
    ...SCRIPTS.flatMap(({ name, comment }) => [`##### ${name}`, '', `- New: ${comment}`, '']),
  );
}

function commandText(command: CommandSpec): string[] {
  return [
    '',
    `### ${command.name}`,
    '',
    '***',
    command.description,
    '',
    '#### Base Command',
    '',
    `\`${command.name}\``,
    '',
    '#### Input',
    '',
    ...(command.arguments.length === 0
      ? ['There are no input arguments for this command.']
      : table(
          ['Argument Name', 'Description', 'Required'],
          command.arguments.map(({ name, description, required, predefined, defaultValue }) => [
            name,
            [
              description,
              predefined === undefined ? '' : `Possible values are: ${predefined.join(', ')}.`,
              defaultValue === undefined ? '' : `Default is ${defaultValue}.`,
            ]
              .filter((sentence) => sentence !== '')
              .join(' '),
            required ? 'Required' : 'Optional',
          ]),
        )),
    '',
    '#### Context Output',
    '',
    ...table(
      ['Path', 'Type', 'Description'],
      command.outputs.map(({ path, type, description }) => [path, type, description]),
    ),
    '',
    '#### Command example',
    '',
    `\`\`\`${command.example}\`\`\``,
  ];
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [row(headings.map((heading) => `**${heading}**`)), row(headings.map(() => '---')), ...rows.map(row)];
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', '<br>');
}

function lines(...texts: string[]): string {
  return `${texts.join('\n')}\n`;
}
