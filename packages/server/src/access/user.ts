import type { FieldProblem } from '../errors.ts';

/** What a person may do: each role may do what those before it may. */
export type UserRole = 'analyst' | 'lead' | 'admin';

/** A person who can sign in. Times in microseconds. */
export interface User {
  readonly id: number;
  readonly name: string;
  readonly role: UserRole;
  readonly disabled: boolean;
  readonly createdAt: number;
  readonly lastSignInAt: number | null;
}

const NAME_MAX = 100;
export const PASSWORD_MIN = 12;
/** Longer ones would only cost time to hash. */
export const PASSWORD_MAX = 1_000;

/** How names are compared: letter case and Unicode's forms of the same character do not make another person. */
export function nameKey(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase();
}

export function userNameProblems(name: string): FieldProblem[] {
  const problem = (msg: string) => [{ loc: ['body', 'name'], msg, type: 'bad_format' }];
  if (name.trim() === '' || name !== name.trim()) return problem('must be a name without blanks around it');
  if ([...name].length > NAME_MAX) return problem(`must have at most ${NAME_MAX} characters`);
  // Invisible characters would let one name look like another.
  if (/\p{C}/u.test(name)) return problem('must have no control or invisible characters');
  return [];
}

/** Length is what counts (NIST SP 800-63B): no rules about digits or signs, only what is plainly guessable is refused. */
export function passwordProblems(password: string, name: string, member = 'password'): FieldProblem[] {
  const problem = (msg: string) => [{ loc: ['body', member], msg, type: 'bad_format' }];
  const length = [...password].length;
  if (length < PASSWORD_MIN) return problem(`must have at least ${PASSWORD_MIN} characters; a few words in a row do well`);
  if (password.length > PASSWORD_MAX) return problem(`must have at most ${PASSWORD_MAX} characters`);
  const key = nameKey(password);
  const own = nameKey(name);
  if (key === own || (own.length >= 4 && key.replaceAll(own, '').length < PASSWORD_MIN / 2))
    return problem('must not be the user name');
  if (new Set(key).size < 5) return problem('is too easy to guess: use more different characters');
  return [];
}
