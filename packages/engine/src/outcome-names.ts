/** Which fields hold what was decided of an alert rather than what happened: known by how SOC products name them. */
import { words } from './tokens.ts';

/** Words for the thing that analysts work on; a status or note of it is an outcome, one of a web request is not. */
const CASE = new Set([
  'incident',
  'alert',
  'case',
  'ticket',
  'offense',
  'investigation',
  'workflow',
  'triage',
  'review',
  'analyst',
  'soc',
]);
/** Words after which a status, owner or resolution is a fact of the machine. */
const TECHNICAL = new Set(
  (
    'http https request response code exit process service device host agent tcp udp connection conn port auth authentication login logon signature ' +
    'compliance health disk interface file folder object registry asset account system dns name ip address screen display network os encryption ' +
    'antivirus patch policy license install url sni smtp'
  ).split(' '),
);

/**
 * Whether a path names the outcome of triage: close reason and notes, status, verdict, resolution, disposition, owner or assignee,
 * or a decision that a triage product wrote into the alert. Such a field is empty or says nothing when a new alert comes in.
 */
export function namesOutcome(path: string): boolean {
  const found = words(path);
  const has = (word: string) => found.includes(word);
  const ofCase = found.some((word) => CASE.has(word));
  const technical = !ofCase && found.some((word) => TECHNICAL.has(word));
  const last = found.at(-1);
  if (
    found.some((word) =>
      /^(verdict|arcanna|disposition|determination|assignee|feedback|escalat|clos(ed?|ing|ure)(?!st))/.test(word),
    )
  )
    return true;
  if (
    found.some((word) => /^(false|true|benign)positive$/.test(word)) ||
    (has('positive') && (has('false') || has('true') || has('benign')))
  )
    return true;
  if (found.some((word) => /^resol(ution|ved)/.test(word)) || (has('assigned') && (last === 'assigned' || has('to'))))
    return !technical;
  if (found.some((word) => /^owner(id|name|email)?$/.test(word))) return !technical;
  if (found.some((word) => /^(run)?status$/.test(word))) return !technical;
  if (last === 'state' || last === 'stage' || last === 'outcome') return ofCase || found.length === 1;
  return ofCase && found.some((word) => /^(notes?|comments?|conclusion|classification)$/.test(word));
}

/** Whether a path is named like a moment; used where the values alone do not show it. */
export function namesTime(path: string): boolean {
  return words(path).some((word) => /^(time|timestamp|date|datetime|epoch|ts|created|updated|modified|occurred)$/.test(word));
}
