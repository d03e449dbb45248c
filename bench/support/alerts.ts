import { type Random, seeded } from './random.ts';

/**
 * Alerts made from a seed, in the shape of a SIEM's: a *kind* fixes all that the decision points hold, so that alerts of one kind stand in one
 * bucket; ids, times and free text differ from alert to alert.
 */

/** Twenty decision points of these alerts; the first eight are enough to tell kinds apart. */
export const POINTS: readonly string[] = [
  'rule.name',
  'rule.severity',
  'host.name',
  'user.name',
  'process.command_line',
  'source.ip',
  'event.category',
  'threat.technique',
  'host.os',
  'host.criticality',
  'user.domain',
  'user.privileged',
  'process.name',
  'process.parent',
  'source.port',
  'destination.ip',
  'destination.port',
  'network.protocol',
  'file.extension',
  'labels',
];

const RULES = [
  'Encoded command',
  'Impossible travel',
  'Beaconing',
  'Port scan',
  'New service',
  'Mail with macro',
  'Password spray',
];
const TECHNIQUES = ['T1059', 'T1078', 'T1071', 'T1046', 'T1543', 'T1566', 'T1110'];
const CATEGORIES = ['process', 'authentication', 'network', 'network', 'configuration', 'email', 'authentication'];
const PROCESSES = ['powershell.exe', 'winlogon.exe', 'svchost.exe', 'nmap', 'sc.exe', 'winword.exe', 'lsass.exe'];
const SYSTEMS = ['Windows 11', 'Windows Server 2022', 'Ubuntu 24.04', 'macOS 15'];
const WORDS = 'session token binary socket access policy driver module thread script remote local signed unknown payload'.split(
  ' ',
);

/** What an analyst would say of a kind: depends on what happened, where and by whom, and now and then on neither. */
export function labelOf(kind: number): string {
  const random = seeded(kind * 31 + 7);
  if (random.next() < 0.05) return 'Investigate';
  const { rule, critical, privileged } = traits(kind);
  if (critical && (rule === 0 || rule === 2 || rule === 6)) return 'Escalate';
  if (privileged && rule % 2 === 0) return 'Escalate';
  return rule === 3 || rule === 5 || !critical ? 'Drop' : 'Investigate';
}

/** One alert of a kind as JSON text; `serial` makes it distinct, `bytes` is about how long it is. */
export function alertText(kind: number, serial: number, bytes: number): string {
  const { random, rule, host, user, critical, privileged } = traits(kind);
  const octets = () => 1 + random.below(254);
  const alert = {
    id: `a-${serial.toString(36)}`,
    '@timestamp': new Date(Date.UTC(2025, 0, 1) + serial * 1000).toISOString(),
    rule: { name: `${RULES[rule]!} ${1 + random.below(9)}`, severity: 1 + random.below(5), id: 100_000 + rule },
    event: { category: CATEGORIES[rule]!, sequence: serial, duration_ms: (serial % 977) + 0.5 },
    host: { name: `ws-${host}`, os: SYSTEMS[random.below(SYSTEMS.length)]!, criticality: critical ? 'high' : 'low' },
    user: { name: `user${user}`, domain: `corp${user % 4}`, privileged },
    process: {
      name: PROCESSES[rule]!,
      parent: PROCESSES[random.below(PROCESSES.length)]!,
      command_line: `${PROCESSES[rule]!} -${WORDS[random.below(WORDS.length)]!} ${(kind * 2_654_435_761) % 4_294_967_296} /${WORDS[random.below(WORDS.length)]!}`,
    },
    source: { ip: `10.${octets()}.${octets()}.${octets()}`, port: 1024 + random.below(60_000) },
    destination: { ip: `192.0.2.${octets()}`, port: [22, 53, 80, 443, 445, 3389][random.below(6)]! },
    network: { protocol: random.next() < 0.7 ? 'tcp' : 'udp' },
    file: { extension: ['exe', 'dll', 'docm', 'ps1', null][random.below(5)]! },
    threat: { technique: TECHNIQUES[rule]! },
    labels: [`team-${user % 5}`, `site-${host % 7}`],
    message: '',
  };
  const spare = bytes - JSON.stringify(alert).length;
  const words = seeded(serial);
  let message = '';
  while (message.length < spare) message += `${WORDS[words.below(WORDS.length)]!} `;
  alert.message = message.slice(0, Math.max(0, spare));
  return JSON.stringify(alert);
}

/** Kinds as a SOC sees them: a share that was never seen before, the rest repeats, a few of them very often. */
export function* kindsOfTraffic(random: Random, known: number, newShare: number): Generator<number, never> {
  let fresh = known;
  for (;;) {
    if (random.next() < newShare) yield fresh++;
    // The square makes the first kinds the most frequent, as noisy rules are.
    else yield Math.floor(random.next() ** 2 * known);
  }
}

function traits(kind: number) {
  const random = seeded(kind + 1);
  return {
    rule: random.below(RULES.length),
    host: random.below(400),
    user: random.below(900),
    critical: random.next() < 0.3,
    privileged: random.next() < 0.2,
    random,
  };
}
