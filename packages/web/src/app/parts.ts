/**
 * Parts of the app that are fetched when they are needed, and what happens when one is gone: a service that was updated has other files than
 * an open tab asks for. The tab then takes the new app, once, and never while somebody is writing in it.
 */

import { lookForService } from './reachable.ts';

/** Under which names the tab keeps when it loaded the new app, and that it has not said so yet. */
const RELOADED = 'verdict-reloaded';
const UNTOLD = 'verdict-updated';
/** Milliseconds within which a second reload would only repeat the first. */
const ONCE = 60_000;

/** A part that could not be fetched. */
export class PartMissing extends Error {
  override readonly name = 'PartMissing';
  /** The service has another version of the app than this tab. */
  readonly updated: boolean;

  constructor(updated: boolean, cause: unknown) {
    super(
      updated
        ? 'Verdict was updated: this tab has the version before. Reload the page to go on.'
        : 'A part of this page could not be loaded. Is the service running? Try again.',
      { cause },
    );
    this.updated = updated;
  }
}

/** Fetches a part. @throws PartMissing */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    lookForService();
    throw new PartMissing(await isUpdated(), error);
  }
}

/** Whether something was typed since the page was opened. Not known better: what was saved since counts too. */
export function isWriting(): boolean {
  return writing;
}

/** Another page was opened: what was typed in the one before went with it. */
export function pageOpened(): void {
  writing = false;
}

/** Loads the page anew with the app that the service has now; false where that was tried a moment ago and did not help. */
export function reloadOnce(): boolean {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < ONCE) return false;
  reload();
  return true;
}

/** The same, because a person asks for it. */
export function reload(): void {
  sessionStorage.setItem(RELOADED, String(Date.now()));
  sessionStorage.setItem(UNTOLD, '1');
  window.location.reload();
}

/** Whether this page is the one after such a reload; true once. */
export function wasUpdated(): boolean {
  const untold = sessionStorage.getItem(UNTOLD) !== null;
  sessionStorage.removeItem(UNTOLD);
  return untold;
}

let writing = false;
if (typeof document !== 'undefined')
  document.addEventListener(
    'input',
    () => {
      writing = true;
    },
    { capture: true },
  );

/** Whether the page that the service has now begins with another script than this one did; false where it does not answer. */
async function isUpdated(): Promise<boolean> {
  const begun = document.querySelector<HTMLScriptElement>('script[type="module"][src*="/assets/"]');
  if (begun === null) return false;
  try {
    const answer = await fetch('/', { cache: 'no-store', headers: { accept: 'text/html' } });
    return answer.ok && !(await answer.text()).includes(new URL(begun.src).pathname);
  } catch {
    return false;
  }
}
