import type { AppAuditQuery } from '@verdict/client';
import type { Command } from 'commander';
import { withSession } from '../connect.ts';
import { type Io, note, say, sayJson } from '../io.ts';
import { whereOf, whole } from '../options.ts';
import { table } from '../table.ts';

interface ListOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly json?: true;
}

/** `verdict audit …`: who changed what. */
export function auditCommand(program: Command, io: Io, fail: () => void): void {
  const audit = program.command('audit').description('who changed what, before and after');

  audit
    .command('verify')
    .description('check that no entry was changed, removed or cut off; ends with status 1 where one was')
    .option('--json', 'answer as JSON')
    .action(async (options: { json?: true }, command: Command) => {
      await withSession(io, whereOf(command), async ({ client }) => {
        const verdict = await client.app.verifyAudit();
        if (!verdict.ok) fail();
        if (options.json) return sayJson(io, verdict);
        say(io, verdict.sentence);
        if (verdict.head)
          note(
            io,
            `Last entry: ${verdict.head.seq} ${verdict.head.hash}. Kept elsewhere, it proves later that nothing before it was rewritten.`,
          );
      });
    });

  audit
    .command('list')
    .description('list the newest entries')
    .option('--actor <name>', 'of one person or key: a name, or an id like user:1')
    .option('--action <action>', 'of one kind, like key.revoke')
    .option('--from <time>', 'from a time on (ISO 8601)')
    .option('--to <time>', 'before a time (ISO 8601)')
    .option('--limit <n>', 'at most so many', whole(1, 100_000), 50)
    .option('--json', 'answer as JSON, one entry a line, with what was before and after')
    .action(async (options: ListOptions, command: Command) => {
      const { actor, action, from, to } = options;
      const filter: AppAuditQuery = {
        ...(actor === undefined ? {} : { actor }),
        ...(action === undefined ? {} : { action }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      };
      await withSession(io, whereOf(command), async ({ client }) => {
        const entries = [];
        for (let before: number | null | undefined; before !== null && entries.length < options.limit; ) {
          const size = Math.min(1_000, options.limit - entries.length);
          const page = await client.app.audit({ ...filter, size, ...(before === undefined ? {} : { before }) });
          entries.push(...page.entries);
          before = page.next;
        }
        if (options.json) {
          for (const entry of entries) sayJson(io, entry);
          return;
        }
        if (entries.length === 0) return say(io, 'No entries.');
        say(
          io,
          table(
            [
              { heading: 'NO', align: 'right' },
              { heading: 'TIME' },
              { heading: 'WHO', most: 30 },
              { heading: 'FROM', most: 30 },
              { heading: 'ACTION' },
              { heading: 'WHAT', most: 50 },
            ],
            entries.map((entry) => [
              String(entry.seq),
              entry.at,
              entry.actor_name,
              entry.origin,
              entry.action,
              `${entry.object_kind} ${entry.object_id}`,
            ]),
          ),
        );
      });
    });
}
