import type { AppCaller } from '@verdict/client/browser';

/**
 * What the session's end does: calls that were refused wait here while a dialog over the page asks for the password, then are sent again,
 * so that nothing typed is lost. Kept outside of React because the client that sends the calls is.
 */

let session: AppCaller | null = null;
let waiting: { readonly asked: Promise<boolean>; answer(again: boolean): void } | null = null;
const listeners = new Set<() => void>();

/** The token that goes along with calls that change something. */
export function csrf(): string | null {
  return session?.csrf ?? null;
}

/** The name to offer when signing in again. */
export function lastName(): string {
  return session?.name ?? '';
}

/** Keeps the caller, and lets calls that waited for it go on. */
export function rememberSession(caller: AppCaller): void {
  session = caller;
  settle(true);
}

/** Nobody is signed in any more, by their own wish. */
export function forgetSession(): void {
  session = null;
  settle(false);
}

/** Gives up calls that wait, as when the person closes the dialog. */
export function giveUpSignIn(): void {
  settle(false);
}

/** Waits until somebody signed in again; false at once where nobody was signed in before. */
export function askToSignIn(): Promise<boolean> {
  if (session === null) return Promise.resolve(false);
  if (waiting === null) {
    let answer: (again: boolean) => void = () => {};
    const asked = new Promise<boolean>((resolve) => {
      answer = resolve;
    });
    waiting = { asked, answer };
    tell();
  }
  return waiting.asked;
}

export function signInAsked(): boolean {
  return waiting !== null;
}

/** Tells of a change of {@link signInAsked}; returns how to end that. */
export function subscribeToSignIn(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function settle(again: boolean): void {
  const was = waiting;
  waiting = null;
  was?.answer(again);
  if (was) tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}
