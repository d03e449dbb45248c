import { stringify } from 'yaml';
import type { Json, JsonObject } from '../context/index.ts';
import type { Answered, Host } from './host.ts';
import { type Incident, incidentJson, isClosed } from './incident.ts';
import type { RunTrace } from './trace.ts';

/** Writes down what commands, scripts and people answer while a playbook runs. */
export interface Recorder {
  readonly host: Host;
  /** The test as YAML, from what was written down; `playbook` and `pack` are the paths to write into it. */
  testText(run: {
    readonly playbook: string;
    readonly pack: string | undefined;
    readonly incident: Incident;
    readonly others: ReadonlyMap<string, Incident>;
    readonly inputs: JsonObject;
    readonly trace: RunTrace;
    readonly after: Incident;
  }): string;
}

/** A host like another one, that remembers every answer, so that the run can be tested later without the service. */
export function recordCalls(host: Host): Recorder {
  const commands: Json[] = [];
  const scripts: Json[] = [];
  const calls: string[] = [];
  const answers: Record<string, string> = {};
  const recording: Host = {
    ...host,
    async runCommand(call, around) {
      const answered = await host.runCommand(call, around);
      calls.push(call.command);
      const using = call.using === undefined ? {} : { using: call.using };
      commands.push({ command: call.command, args: call.args, ...using, times: 1, ...answerOf(answered) });
      return answered;
    },
    async runScript(call, around) {
      const answered = await host.runScript(call, around);
      scripts.push({ script: call.script, args: call.args, times: 1, ...answerOf([answered]) });
      return answered;
    },
    async ask(ask) {
      const answer = await host.ask(ask);
      const task = ask.task.name || ask.task.id;
      if (answer !== undefined) answers[ask.question === undefined ? task : `${task}.${ask.question}`] = answer;
      return answer;
    },
  };
  return {
    host: recording,
    testText: ({ playbook, pack, incident, others, inputs, trace, after }) =>
      stringify(
        {
          name: `${trace.playbook}, as recorded`,
          playbook,
          ...(pack !== undefined && { pack }),
          incident: incidentJson(incident),
          ...(others.size > 0 && { incidents: [...others.values()].map(incidentJson) }),
          ...(Object.keys(inputs).length > 0 && { inputs }),
          ...(Object.keys(answers).length > 0 && { answers }),
          commands,
          ...(scripts.length > 0 && { scripts }),
          expect: {
            ends: trace.state,
            exact_path: namesOf(trace),
            calls,
            closed: isClosed(after),
          },
        },
        { lineWidth: 120, aliasDuplicateObjects: false },
      ),
  };
}

/** What several instances answered becomes one answer: the first entries, and the first error. */
function answerOf(answered: readonly Answered[]): JsonObject {
  const error = answered.find((one) => one.error !== undefined)?.error;
  if (error !== undefined) return { error };
  const entries = answered.flatMap((one) => one.entries);
  const context = Object.assign({}, ...entries.map(({ EntryContext }) => EntryContext ?? {}));
  return { context, contents: entries[0]?.Contents ?? null, human_readable: entries[0]?.HumanReadable ?? '' };
}

function namesOf(trace: RunTrace): string[] {
  return trace.tasks.flatMap((task) => [task.name || task.id, ...task.runs.flatMap(namesOf)]);
}
