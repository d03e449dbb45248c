/**
 * A made-up day of a SOC: alerts of four kinds of sensors with a truth that the alerts do not tell. Generated from a seed; nothing here comes from
 * anybody's network.
 */
import { type Random, randomFrom } from './random.ts';

export const DEMO_LABELS = ['Escalate', 'Drop', 'Investigate'] as const;
export type DemoLabel = (typeof DEMO_LABELS)[number];

/** An alert with what an all-knowing analyst would say of it. */
export interface DemoAlert {
  readonly id: string;
  readonly title: string;
  readonly severity: number;
  readonly source: string;
  readonly body: Record<string, unknown>;
  readonly truth: DemoLabel;
  /** Unlike anything in an ordinary day. */
  readonly odd: boolean;
}

/** What a sensor reports, how bad that is by itself (0 harmless to 4 grave), and how often it does. */
interface Rule {
  readonly id: string;
  readonly name: string;
  readonly tactic: string;
  readonly danger: number;
  readonly often: number;
}

const rule = (id: string, name: string, tactic: string, danger: number, often: number): Rule => ({
  id,
  name,
  tactic,
  danger,
  often,
});

const IDS_RULES = [
  rule('2001219', 'Scan on many ports from one host', 'Reconnaissance', 0, 30),
  rule('2010935', 'Suspicious inbound to database port', 'Initial Access', 1, 9),
  rule('2024792', 'Web request with SQL in a parameter', 'Initial Access', 1, 8),
  rule('2019284', 'DNS query for a recently registered domain', 'Command and Control', 1, 8),
  rule('2027865', 'Regular beacon to one outside address', 'Command and Control', 3, 4),
  rule('2030171', 'Large upload to a file sharing service', 'Exfiltration', 2, 4),
];
const ENDPOINT_RULES = [
  rule('EP-101', 'Unsigned program run from a download folder', 'Execution', 1, 14),
  rule('EP-118', 'PowerShell with an encoded command', 'Execution', 2, 8),
  rule('EP-204', 'New scheduled task by a script', 'Persistence', 1, 6),
  rule('EP-310', 'Read access to the memory of the sign-in process', 'Credential Access', 3, 3),
  rule('EP-402', 'Potentially unwanted program removed', 'Execution', 0, 24),
  rule('EP-555', 'Many files renamed within seconds', 'Impact', 4, 2),
];
const IDENTITY_RULES = [
  rule('ID-11', 'Several failed sign-ins, then a success', 'Credential Access', 1, 22),
  rule('ID-14', 'Sign-in from an unusual country', 'Initial Access', 1, 14),
  rule('ID-22', 'Second factor refused many times', 'Credential Access', 2, 6),
  rule('ID-31', 'Member added to an administrators group', 'Privilege Escalation', 2, 5),
  rule('ID-40', 'Password reset by the help desk', 'Persistence', 0, 12),
];
const MAIL_RULES = [
  rule('ML-1', 'Newsletter reported as phishing', 'Initial Access', 0, 30),
  rule('ML-4', 'Link to a page that asks for a password', 'Initial Access', 2, 10),
  rule('ML-7', 'Attachment with a macro', 'Initial Access', 1, 10),
  rule('ML-9', 'Mail in the name of an executive asks for a payment', 'Initial Access', 3, 4),
];

const REPUTATIONS = ['unknown', 'benign', 'suspicious', 'malicious'] as const;
const CRITICALITIES = ['low', 'medium', 'high'] as const;
const PEOPLE = [
  'm.okafor',
  'j.lindqvist',
  's.haddad',
  'p.novak',
  'l.moreau',
  'k.tanaka',
  'r.silva',
  'a.dubois',
  'n.petrova',
  'e.kaya',
];
const DEPARTMENTS = ['sales', 'finance', 'engineering', 'support', 'human resources'];
const COUNTRIES = ['DE', 'FR', 'US', 'PL', 'BR', 'NG', 'VN'];
const DAY_MS = 86_400_000;

/** What an alert is about beyond its rule; the truth follows from these and the rule's danger. */
interface Context {
  readonly criticality: (typeof CRITICALITIES)[number];
  readonly reputation: (typeof REPUTATIONS)[number];
  readonly privileged: boolean;
  /** Announced beforehand: a change, a test of the red team, an approved scanner. */
  readonly expected: boolean;
}

type Build = (random: Random, rule: Rule, context: Context) => Record<string, unknown>;

const SENSORS: readonly { readonly source: string; readonly rules: readonly Rule[]; readonly build: Build }[] = [
  { source: 'ids', rules: IDS_RULES, build: idsAlert },
  { source: 'endpoint', rules: ENDPOINT_RULES, build: endpointAlert },
  { source: 'identity', rules: IDENTITY_RULES, build: identityAlert },
  { source: 'mail', rules: MAIL_RULES, build: mailAlert },
];

/**
 * A day's alerts in the order of their times.
 * @param run keeps the ids of one run apart from those of another.
 */
export function ordinaryDay(seed: number, count: number, run: string): DemoAlert[] {
  const random = randomFrom(seed);
  const start = Date.UTC(2026, 2, 2);
  const times = Array.from({ length: count }, () => start + Math.floor(random.next() * DAY_MS));
  return alertsAt(random, times, run);
}

/**
 * The alerts of the `days` before `end` (milliseconds since 1970), in the order of their times: more of them by day than by night, fewer at
 * weekends (UTC). What they tell does not depend on `end`: the times are drawn apart, since which of them are kept hangs on the hour.
 */
export function ordinaryDays(seed: number, count: number, run: string, end: number, days: number): DemoAlert[] {
  const random = randomFrom(seed);
  const times: number[] = [];
  while (times.length < count) {
    const time = end - Math.floor(random.next() * days * DAY_MS);
    if (random.chance(busyness(new Date(time)))) times.push(time);
  }
  return alertsAt(randomFrom(seed), times, run);
}

function alertsAt(random: Random, times: readonly number[], run: string): DemoAlert[] {
  return times
    .toSorted((a, b) => a - b)
    .map((time, index) => ordinaryAlert(random, `${run}-${String(index + 1).padStart(5, '0')}`, time));
}

/** How much is going on, 0 to 1. */
function busyness(time: Date): number {
  const hour = time.getUTCHours();
  const weekend = time.getUTCDay() % 6 === 0;
  return (hour >= 7 && hour < 18 ? 1 : 0.45) * (weekend ? 0.5 : 1);
}

function ordinaryAlert(random: Random, id: string, time: number): DemoAlert {
  const sensor = random.pick(SENSORS);
  const chosen = byFrequency(random, sensor.rules);
  const context: Context = {
    criticality: random.pick(CRITICALITIES, 2.2),
    reputation: random.pick(REPUTATIONS, 2.6),
    privileged: random.chance(0.12),
    expected: random.chance(0.06),
  };
  const truth = truthOf(chosen, context);
  // What the sensor itself says is a poor guide, as in real life.
  const severity = Math.max(1, Math.min(4, chosen.danger + random.whole(0, 2)));
  return {
    id,
    title: chosen.name,
    severity,
    source: sensor.source,
    body: {
      id: `${sensor.source}-${random.whole(100_000, 999_999)}`,
      '@timestamp': new Date(time).toISOString(),
      source: sensor.source,
      severity,
      rule: { id: chosen.id, name: chosen.name, mitre: { tactic: chosen.tactic } },
      change: { approved: context.expected, ...(context.expected ? { ticket: `CHG${random.whole(10_000, 99_999)}` } : {}) },
      threat_intel: { reputation: context.reputation, score: REPUTATIONS.indexOf(context.reputation) * 30 + random.whole(0, 9) },
      ...sensor.build(random, chosen, context),
    },
    truth,
    odd: false,
  };
}

/** Who would be called out of bed: danger of the rule, worth of the asset, what is known of the other side, and whether it was announced. */
function truthOf({ danger }: Rule, { criticality, reputation, privileged, expected }: Context): DemoLabel {
  const weight =
    danger +
    CRITICALITIES.indexOf(criticality) * 0.5 +
    { unknown: 0, benign: -2, suspicious: 1, malicious: 3 }[reputation] +
    (privileged ? 0.5 : 0) -
    (expected ? 4 : 0);
  return weight >= 3 ? 'Escalate' : weight >= 2 ? 'Investigate' : 'Drop';
}

function byFrequency(random: Random, rules: readonly Rule[]): Rule {
  let left = random.next() * rules.reduce((sum, { often }) => sum + often, 0);
  for (const candidate of rules) {
    left -= candidate.often;
    if (left < 0) return candidate;
  }
  return rules[0]!;
}

const asset = (random: Random, { criticality }: Context, prefix: string) => ({
  name: `${prefix}-${String(random.whole(1, 60)).padStart(3, '0')}`,
  ip: `10.${random.whole(0, 20)}.${random.whole(0, 250)}.${random.whole(1, 250)}`,
  criticality,
  os: { family: random.pick(['windows', 'linux', 'macos'], 1.5) },
});

const person = (random: Random, { privileged }: Context) => ({
  name: random.pick(PEOPLE),
  department: random.pick(DEPARTMENTS),
  privileged,
});

const outside = (random: Random) => `203.0.113.${random.whole(1, 250)}`;

function idsAlert(random: Random, chosen: Rule, context: Context): Record<string, unknown> {
  const inbound = chosen.tactic === 'Reconnaissance' || chosen.tactic === 'Initial Access';
  return {
    host: asset(random, context, 'srv'),
    user: { privileged: context.privileged },
    network: {
      direction: inbound ? 'inbound' : 'outbound',
      protocol: random.pick(['tcp', 'udp'], 2),
      destination: { ip: outside(random), port: random.pick([443, 80, 53, 3306, 8443, 22], 1.5) },
      bytes: random.whole(200, 5_000_000),
    },
    labels: [
      { type: 'Sensor', value: `ids-${random.whole(1, 4)}` },
      { type: 'Site', value: random.pick(['Munich', 'Lyon', 'Gdansk']) },
    ],
  };
}

function endpointAlert(random: Random, _chosen: Rule, context: Context): Record<string, unknown> {
  return {
    host: asset(random, context, 'wks'),
    user: person(random, context),
    process: {
      name: random.pick(['powershell.exe', 'cmd.exe', 'wscript.exe', 'update.exe', 'invoice.exe', 'python3']),
      pid: random.whole(400, 60_000),
      signed: random.chance(0.5),
      parent: { name: random.pick(['explorer.exe', 'winword.exe', 'services.exe', 'outlook.exe'], 1.5) },
    },
    file: {
      sha256: Array.from({ length: 4 }, () =>
        Math.floor(random.next() * 2 ** 32)
          .toString(16)
          .padStart(8, '0'),
      ).join(''),
    },
  };
}

function identityAlert(random: Random, _chosen: Rule, context: Context): Record<string, unknown> {
  return {
    host: { criticality: context.criticality },
    user: person(random, context),
    // As some systems send it: a document inside a text.
    rawJSON: JSON.stringify({
      client: { ip: outside(random), country: random.pick(COUNTRIES, 1.5), app: random.pick(['Mail', 'Portal', 'VPN', 'Files']) },
      factor: random.pick(['push', 'code', 'none'], 1.4),
      failures: random.whole(0, 40),
    }),
  };
}

function mailAlert(random: Random, chosen: Rule, context: Context): Record<string, unknown> {
  return {
    host: { criticality: context.criticality },
    user: person(random, context),
    email: {
      from: `${random.pick(['news', 'billing', 'it-help', 'ceo.office', 'parcel'])}@${random.pick(['example.com', 'example.net', 'example.org'])}`,
      subject: chosen.name.startsWith('Newsletter')
        ? `Offers of the week ${random.whole(1, 52)}`
        : random.pick(['Please confirm your account', 'Invoice overdue', 'Urgent transfer', 'Your parcel', 'Updated policy']),
      attachments: random.whole(0, 2),
    },
    auth: { spf: random.pick(['pass', 'fail', 'none'], 1.6), dmarc: random.pick(['pass', 'fail'], 1.6) },
  };
}

/**
 * Alerts of a kind that the day does not have: what an analyst wants to be shown, whatever a model makes of it.
 * @param start the midnight before them, in milliseconds since 1970.
 */
export function oddAlerts(run: string, start: number = Date.UTC(2026, 2, 3)): DemoAlert[] {
  const odd = (number: number, title: string, source: string, tactic: string, more: Record<string, unknown>): DemoAlert => ({
    id: `${run}-odd-${number}`,
    title,
    severity: 2,
    source,
    body: {
      id: `${source}-${number}`,
      '@timestamp': new Date(start + (number * 60 + 12) * 60_000).toISOString(),
      source,
      severity: 2,
      rule: { id: `X-${number}`, name: title, mitre: { tactic } },
      change: { approved: false },
      ...more,
    },
    truth: 'Escalate',
    odd: true,
  });
  return [
    odd(1, 'Write command to a safety controller outside of maintenance', 'plant', 'Impair Process Control', {
      host: { name: 'plc-7', criticality: 'safety', zone: 'boiler house' },
      user: { name: 'engineering station 2', privileged: true },
      threat_intel: { reputation: 'not applicable', score: 0 },
      modbus: { function: 16, unit: 3, registers: 12 },
    }),
    odd(2, 'Badge of an absent employee opened the server room at night', 'building', 'Physical Access', {
      host: { name: 'door-b2-14', criticality: 'restricted area' },
      user: { name: 'badge 22817', department: 'facility', privileged: false },
      threat_intel: { reputation: 'internal', score: 0 },
      door: { direction: 'in', camera: 'covered' },
    }),
    odd(3, 'Signing key of the build service used from a phone', 'cloud', 'Supply Chain Compromise', {
      host: { name: 'build-signer', criticality: 'crown jewel', os: { family: 'android' } },
      user: { name: 'unknown device', privileged: true },
      cloud: { provider: 'example', action: 'kms:Sign', region: 'unused-region-9' },
      threat_intel: { reputation: 'first seen', score: 50 },
    }),
  ];
}
