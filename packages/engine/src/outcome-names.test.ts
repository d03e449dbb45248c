import { describe, expect, it } from 'vitest';
import { namesOutcome, namesTime } from './outcome-names.ts';

describe('namesOutcome', () => {
  it.each([
    'closeReason',
    'incident.closeNotes',
    'incident.closenotes',
    'closingUserId',
    'closed',
    'close_reason',
    'status',
    'incident.status',
    'alert.workflow.status',
    'runStatus',
    'verdict',
    'CustomFields.verdictdecision',
    'arcanna.result_label',
    'resolution',
    'case.resolution',
    'resolved_at',
    'disposition',
    'analyst.disposition',
    'owner',
    'incident.ownerId',
    'assignee',
    'assigned_to',
    'determination',
    'is_false_positive',
    'truepositive',
    'feedback.label',
    'escalated',
    'incident.comments',
    'alert.classification',
    'state',
    'incident.state',
    'labels[Verdict]',
    'alert.outcome',
  ])('knows %s', (path) => expect(namesOutcome(path)).toBe(true));

  it.each([
    'rule.name',
    'http.response.status_code',
    'http.status',
    'dns.resolved_ip',
    'file.owner',
    'screen.resolution',
    'connection.state',
    'event.outcome',
    'closest_host',
    'process.exit_status',
    'message',
    'alert.signature',
    'network.state',
    'email.subject',
    'service.status',
    'comments',
  ])('leaves %s alone', (path) => expect(namesOutcome(path)).toBe(false));
});

describe('namesTime', () => {
  it('looks at whole words', () => {
    for (const path of ['@timestamp', 'event.created', 'firstSeenTime', 'ts']) expect(namesTime(path)).toBe(true);
    for (const path of ['rule.name', 'hits', 'sentiment', 'runtimes']) expect(namesTime(path)).toBe(false);
  });
});
