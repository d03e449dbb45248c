import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { draftPlaybook } from '../playbook/testing.ts';
import { checkPacks } from './check-pack.ts';
import { type PackDraft, writePack } from './testing.ts';

/**
 * A pack as other people write them, with what ours does not have: Python beside the yml, data of tests, scripts that say nothing of their outputs,
 * playbooks in folders of their own, sub-playbooks of other packs, lists, layouts, and the empty members that XSOAR writes when it exports.
 */
function strangersPack(): PackDraft {
  return {
    'pack_metadata.json': {
      name: 'Lamp Guard',
      description: 'Asks lamps how they are.',
      support: 'community',
      currentVersion: '2.1.0',
      author: 'A stranger',
      url: '',
      email: '',
      created: '2022-03-01T09:00:00Z',
      categories: ['Network Security'],
      tags: [],
      useCases: [],
      keywords: ['lamp'],
      githubUser: ['stranger'],
      dependencies: { CommonScripts: { mandatory: true, display_name: 'Common Scripts' } },
    },
    'README.md': '',
    '.pack-ignore': '[file:LampGuard.yml]\nignore=IN123\n',
    '.secrets-ignore': '',
    'ReleaseNotes/2_0_0.md': 'x',
    'ReleaseNotes/2_0_0.json': '{"breakingChanges": true}',
    'ReleaseNotes/2_1_0.md': 'x',
    'Integrations/Lamp_Guard_v2/Lamp_Guard_v2.yml': INTEGRATION,
    'Integrations/Lamp_Guard_v2/Lamp_Guard_v2.py': 'def main():\n    pass\n',
    'Integrations/Lamp_Guard_v2/Lamp_Guard_v2_test.py': '',
    'Integrations/Lamp_Guard_v2/Lamp_Guard_v2_description.md': 'x',
    'Integrations/Lamp_Guard_v2/Lamp_Guard_v2_image.png': '',
    'Integrations/Lamp_Guard_v2/README.md': '',
    'Integrations/Lamp_Guard_v2/command_examples': '!lamp-get id=1\n',
    'Integrations/Lamp_Guard_v2/test_data/answers.yml': 'not: an integration\n',
    'Integrations/Lamp_Guard_v2/test_data/more/answers.json': '[1, 2]',
    'Scripts/.pack-ignore': '',
    'Scripts/LampDim/LampDim.yml': script('LampDim', undefined),
    'Scripts/LampDim/LampDim.py': '',
    'Scripts/LampDim/README.md': '',
    'Scripts/LampRead/LampRead.yml': script('LampRead', [{ contextPath: 'Lamp.Lux', description: 'How bright it is.' }]),
    'Scripts/LampRead/LampRead.py': '',
    'Scripts/LampRead/README.md': '',
    'Scripts/LampRead/test_data/sample.yml': 'a: 1\n',
    'Playbooks/LampCare/playbook-Lamp_Care.yml': CARE,
    'Playbooks/LampCare/playbook-Lamp_Care_README.md': '',
    'Playbooks/playbook-Lamp_Dim.yml': DIM,
    'TestPlaybooks/playbook-Lamp-test.yml': TEST,
    'TestPlaybooks/script-LampTestHelper.yml': { ...script('LampTestHelper', []), script: 'pass' },
    'Lists/list-Lamps.json': { id: 'Lamps', name: 'Lamps', type: 'plain_text', data: 'a,b', version: -1, fromVersion: '6.5.0' },
    'Lists/LampRooms/LampRooms.json': { id: 'LampRooms', name: 'LampRooms', type: 'json', data: '-' },
    'Lists/LampRooms/LampRooms_data.json': '{"hall": [1]}',
    'Layouts/layoutscontainer-Lamp.json': {
      id: 'Lamp',
      group: 'incident',
      detailsV2: { tabs: [] },
      version: -1,
      fromVersion: '6.0.0',
    },
    'IncidentTypes/incidenttype-Lamp.json': { id: 'Lamp', name: 'Lamp', playbookId: 'Lamp Care', version: -1 },
    'IncidentFields/incidentfield-Lamp_Room.json': FIELD,
    'Classifiers/classifier-Lamp.json': { id: 'Lamp', type: 'classification' },
    'doc_files/Lamp_Care.png': '',
  };
}

const FIELD = {
  id: 'incident_lamproom',
  name: 'Lamp Room',
  cliName: 'lamproom',
  type: 'singleSelect',
  selectValues: ['', 'hall'],
  group: 0,
  version: -1,
  fromVersion: '6.0.0',
  associatedToAll: true,
  x2_fields: '',
};

const INTEGRATION = {
  category: 'Network Security',
  commonfields: { id: 'Lamp Guard', version: -1 },
  configuration: [
    { display: 'Server URL', name: 'url', required: true, type: 0, defaultvalue: 'https://lamp.example.com' },
    { display: 'API key', name: 'apikey', required: true, type: 4, additionalinfo: 'From before there were credentials.' },
    { display: 'Where tokens are got', name: 'token_url', required: false, type: 0 },
    { display: 'Client ID', displaypassword: 'Client Secret', name: 'credentials', required: false, type: 9 },
    { display: 'Authentication', name: 'login', required: false, type: 9, hiddenusername: true, displaypassword: 'Key' },
    { display: 'API key (deprecated)', name: 'old_apikey', required: false, type: 4, hidden: ['xsoar', 'marketplacev2'] },
    { display: 'Fetch incidents', name: 'isFetch', required: false, type: 8 },
    { display: 'Incident type', name: 'incidentType', required: false, type: 13 },
    { display: 'Rooms', name: 'rooms', required: false, type: 16, options: ['hall'] },
    { display: 'Trust any certificate (not secure)', name: 'insecure', required: false, type: 8 },
    { display: 'Use system proxy settings', name: 'proxy', defaultvalue: 'false', type: 8, hidden: ['xsoar'] },
  ],
  defaultclassifier: 'null',
  description: 'Asks lamps how they are.',
  display: 'Lamp Guard',
  name: 'Lamp Guard',
  script: {
    commands: [
      {
        name: 'lamp-get',
        description: 'Gets a lamp.',
        deprecated: false,
        execution: false,
        arguments: [{ name: 'id', description: 'Its number.', isArray: true, default: true, required: true, secret: false }],
        outputs: [
          { contextPath: 'Lamp.ID', description: 'Its number.', type: 'Number' },
          { contextPath: 'Lamp.On', description: 'Whether it burns.', type: 'boolean' },
          { contextPath: 'Lamp.Since', description: 'Since when.', type: 'date' },
        ],
      },
      { name: 'lamp-ping', description: 'Asks whether anybody is there.' },
    ],
    dockerimage: 'demisto/python3:3.11.9.1',
    isfetch: true,
    runonce: false,
    script: '-',
    subtype: 'python3',
    type: 'python',
  },
  tests: ['No tests (auto formatted)'],
  fromversion: '6.0.0',
  marketplaces: ['xsoar'],
};

function script(name: string, outputs: readonly object[] | undefined): object {
  return {
    args: [{ name: 'value', description: 'What to work on.', default: true }],
    comment: 'Does something to a lamp.',
    commonfields: { id: name, version: -1 },
    dockerimage: 'demisto/python3:3.11.9.1',
    enabled: true,
    name,
    ...(outputs !== undefined && { outputs }),
    runas: 'DBotWeakRole',
    script: '',
    scripttarget: 0,
    subtype: 'python3',
    tags: [],
    type: 'python',
    dependson: { must: ['Lamp Guard|||lamp-get'] },
    fromversion: '6.0.0',
  };
}

const inContext = (path: string) => ({ value: { simple: path }, iscontext: true });
const is = (path: string, text: string) => [
  { operator: 'isEqualString', left: inContext(path), right: { value: { simple: text } }, ignorecase: true },
];
/** What every playbook of a vendor begins with. */
const isEnabled = [
  {
    operator: 'isExists',
    left: {
      value: {
        complex: {
          root: 'modules',
          filters: [is('modules.brand', 'Lamp Guard'), is('modules.state', 'active')],
          accessor: 'brand',
        },
      },
      iscontext: true,
    },
    right: { value: {} },
  },
];
const emptyLoop = { iscommand: false, exitCondition: '', wait: 1, max: 0 };

const CARE = draftPlaybook(
  {
    '0': { type: 'start', name: '', next: ['1'] },
    '1': {
      type: 'condition',
      name: 'Enabled?',
      conditions: [{ label: 'yes', condition: [isEnabled] }],
      next: { yes: ['2', '3'], '#default#': ['9'] },
    },
    '2': {
      command: 'Lamp Guard|||lamp-get',
      args: {
        id: {
          complex: {
            root: 'inputs.Lamp',
            transformers: [{ operator: 'uniq' }, { operator: 'LampOwnTransformer', args: { a: { value: { simple: 'x' } } } }],
          },
        },
        'using-brand': {},
      },
      next: ['4'],
    },
    '3': {
      type: 'playbook',
      playbook: 'Entity Enrichment - Generic v3',
      args: { IP: { complex: { root: 'IP', accessor: 'Address' } }, Hostname: {} },
      separatecontext: true,
      loop: emptyLoop,
      next: ['9'],
    },
    '4': {
      type: 'playbook',
      playbook: 'GenericPolling',
      args: {
        Ids: '${Lamp.ID}',
        PollingCommandName: 'lamp-get',
        PollingCommandArgName: 'id',
        Interval: '1',
        Timeout: '5',
        dt: "Lamp(val.On !== 'true').ID",
        AdditionalPollingCommandArgNames: {},
      },
      separatecontext: true,
      loop: emptyLoop,
      next: ['5'],
    },
    '5': { script: 'LampDim', args: { value: '${Lamp.ID}' }, next: ['6'] },
    '6': {
      type: 'condition',
      name: 'Dim?',
      conditions: [{ label: 'yes', condition: [[{ operator: 'isTrue', left: inContext('lampdimmed'), right: { value: {} } }]] }],
      next: { yes: ['7'], '#default#': ['8'] },
    },
    '7': { type: 'playbook', playbook: 'Lamp Dim', args: { Lamp: '${Lamp.ID}' }, next: ['9'] },
    '8': {
      type: 'collection',
      name: 'Ask the janitor',
      form: {
        title: 'Lamp',
        questions: [
          {
            id: '0',
            labelarg: { simple: 'What of ${File.Name} and ${URL.Data}?' },
            options: [],
            optionsarg: [{}],
            type: 'shortText',
            required: true,
          },
        ],
      },
      next: ['9'],
    },
    '9': { type: 'title', name: 'Done' },
  },
  {
    id: 'Lamp Care',
    name: 'Lamp Care',
    inputs: [
      {
        key: 'Lamp',
        value: { complex: { root: 'Lamp', accessor: 'ID' } },
        required: false,
        description: 'Which one.',
        playbookInputQuery: null,
      },
    ],
    outputs: [{ contextPath: 'Lamp.On', description: 'Whether it burns.', type: 'boolean' }],
    tests: ['No tests (auto formatted)'],
    contentitemexportablefields: { contentitemfields: {} },
  },
);

const DIM = draftPlaybook(
  {
    '0': { type: 'start', name: '', next: ['1'] },
    '1': { script: 'LampRead', args: { value: '${inputs.Lamp}' }, next: ['2'] },
    '2': { script: 'Set', args: { key: 'LampDone', value: '${Lamp.Lux}', append: {}, stringify: 'false' } },
  },
  {
    id: 'Lamp Dim',
    name: 'Lamp Dim',
    inputs: [{ key: 'Lamp', value: {}, required: true, description: 'Which one.' }],
    outputs: [
      { contextPath: 'LampDone', description: 'Its lux.' },
      { contextPath: 'DBotScore.Score', description: 'A promise that another pack keeps.', type: 'number' },
    ],
  },
);

const {
  fromversion: _,
  description: __,
  ...TEST
} = JSON.parse(
  draftPlaybook(
    {
      '0': { type: 'start', name: '', next: ['1'] },
      '1': { script: 'DeleteContext', args: { all: 'yes', key: {}, subplaybook: {} }, next: ['2'] },
      '2': { command: 'Lamp Guard|||lamp-get', args: { id: '1' }, next: ['3'] },
      '3': { type: 'condition', name: 'There?', script: 'Exists', args: { value: '${Lamp.[0].ID}' }, next: { yes: ['4'] } },
      '4': { type: 'title', name: 'Done' },
    },
    { id: 'Lamp-test', name: 'Lamp-test' },
  ),
);

it('a pack of other people has no errors, and warnings only where something could be better', () => {
  const folder = writePack(
    Object.fromEntries(Object.entries(strangersPack()).map(([path, content]) => [`Packs/LampGuard/${path}`, content])),
  );
  try {
    const { findings } = checkPacks(folder);
    const errors = findings.filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([]);
    expect(findings.map(({ rule, message }) => `${rule}: ${message}`).sort()).toEqual([
      'credentials: The secret apikey is of type 4.',
      'file-name: "Lamp_Guard_v2" is not in PascalCase.',
      'metadata-keys: The key marketplaces is missing.',
      'typed: The output Lamp.Lux of LampRead has no type.',
      'unknown-reference: "lampdimmed" is named, and no earlier task that the pack describes gives it.',
      'unknown-work: The playbook "Entity Enrichment - Generic v3" is neither in the pack nor in XSOAR itself.',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('what is wrong in such a pack is found all the same', () => {
  const pack = strangersPack();
  pack['Playbooks/playbook-Lamp_Dim.yml'] = DIM.replaceAll('${Lamp.Lux}', '${Lamp.Lumen}');
  delete pack['Integrations/Lamp_Guard_v2/Lamp_Guard_v2.py'];
  const folder = writePack(pack);
  try {
    const errors = checkPacks(folder).findings.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ message }) => message)).toEqual([
      'The integration has no Lamp_Guard_v2.py.',
      '"Lamp.Lumen" is named, and no earlier task gives it.',
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('SearchIncidentsV2 gives foundIncidents and nothing else', () => {
  const pack = strangersPack();
  const search = (path: string) =>
    draftPlaybook({
      '0': { type: 'start', next: ['1'] },
      '1': { script: 'SearchIncidentsV2', args: { query: 'status:closed' }, next: ['2'] },
      '2': { script: 'Print', args: { value: `\${${path}}` } },
    });
  const problems = (path: string) => {
    const folder = writePack({ ...pack, 'Playbooks/playbook-Search.yml': search(path) });
    try {
      const { findings } = checkPacks(folder);
      return findings.filter(({ rule, message }) => rule === 'unknown-reference' && message.includes(`"${path}"`));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  expect(problems('foundIncidents.id')).toEqual([]);
  expect(problems('Found.id')).toMatchObject([
    { severity: 'error', message: '"Found.id" is named, and no earlier task gives it.' },
  ]);
});
