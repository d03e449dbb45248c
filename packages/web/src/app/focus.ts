/**
 * Where the keyboard is. Whoever closes a dialog goes on where they opened it; what opened it may be gone by then (an entry of a menu, a row that was
 * deleted), and a browser that is left alone begins at the top of the page again.
 */

/** What lies over the page: its controls are no place to come back to. */
const OVER = '[role=dialog], .mantine-Notification-root';

let last: HTMLElement | null = null;
/** The same wherever it is. */
let latest: HTMLElement | null = null;

/** The control of the page that had the focus last; for an entry of a menu, the button that opens it. */
export function lastFocus(): HTMLElement | null {
  return last;
}

/** Puts the focus on a control, or on the page where that is gone, unless something else takes it: another dialog, say. */
export function focusAgain(target: HTMLElement | null = last): void {
  const closing = latest?.closest(OVER) ?? null;
  // After what closes has been taken away.
  setTimeout(() => {
    const { activeElement } = document;
    const nowhere = activeElement === null || activeElement === document.body;
    if (!nowhere && (closing === null || !closing.contains(activeElement))) return;
    if (target?.isConnected && !target.matches(':disabled')) target.focus();
    else document.getElementById('main')?.focus();
  }, 20);
}

if (typeof document !== 'undefined') {
  document.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    latest = target;
    if (target.closest(OVER)) return;
    const menu = target.closest('[role=menu]');
    if (menu === null) last = target;
    else last = document.getElementById(menu.getAttribute('aria-labelledby') ?? '') ?? last;
  });
  // A button is switched off while its work goes on, and browsers take the focus from what is switched off.
  new MutationObserver(() => {
    if (latest?.isConnected && !latest.matches(':disabled') && document.activeElement === document.body) latest.focus();
  }).observe(document, { subtree: true, attributeFilter: ['disabled'] });
}
