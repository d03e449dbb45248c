import type { Static, TObject } from 'typebox';
import { Compile } from 'typebox/compile';
import { Refusal } from '../errors.ts';
import type { Origin, Principal } from '../http/principal.ts';

/** One call of a tool: who calls, and where from for the audit trail. */
export interface ToolCall<Input> {
  readonly principal: Principal;
  readonly origin: Origin;
  readonly input: Input;
}

/** One thing that an agent can do, as the tables of routes have theirs. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  /** What it is for, for the model that chooses. */
  readonly description: string;
  /** The scope a key needs; `any` = whatever its scopes. */
  readonly scope: string;
  /** Changes nothing. */
  readonly readOnly: boolean;
  /** The same call again changes nothing more. */
  readonly idempotent: boolean;
  readonly input: TObject;
  readonly output: TObject;
  /** @throws Refusal for input that does not fit, and whatever the services refuse. */
  run(principal: Principal, origin: Origin, input: unknown): Promise<Record<string, unknown>>;
}

/** Writes down a tool; what it takes and answers gets its type from its schemas. Input is checked before it runs. */
export function tool<I extends TObject, O extends TObject>(entry: {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scope: string;
  readonly readOnly: boolean;
  readonly idempotent?: boolean;
  readonly input: I;
  readonly output: O;
  handler(call: ToolCall<Static<I>>): Promise<Static<O>>;
}): Tool {
  const compiled = Compile(entry.input);
  const { handler, ...described } = entry;
  return {
    ...described,
    idempotent: entry.idempotent ?? entry.readOnly,
    async run(principal, origin, input) {
      const given = input ?? {};
      if (!compiled.Check(given)) {
        const problems = [...compiled.Errors(given)].slice(0, 5).map(({ instancePath, message }) => {
          const place = instancePath.slice(1).replaceAll('/', '.');
          return place === '' ? message : `${place} ${message}`;
        });
        throw new Refusal('invalid', `The input of ${entry.name} is not valid: ${problems.join('; ')}.`);
      }
      return handler({ principal, origin, input: given as Static<I> });
    },
  };
}

/** Whether a caller may use a tool; what it may not use it is not shown. */
export function mayUse(principal: Principal, scope: string): boolean {
  if (principal.kind === 'operator') return true;
  return principal.kind === 'management' && (scope === 'any' || principal.scopes.has(scope));
}
