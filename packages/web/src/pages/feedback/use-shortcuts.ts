import { useEffect, useRef } from 'react';

/** Keys that only go from one row to another. */
const MOVES = /^(?:Arrow.*|[jk])$/i;

/**
 * Calls what belongs to a key while nobody writes in a field and no dialog is open. Names are those of `KeyboardEvent.key`, letters small.
 * Enter and space stay with a button, link or switch that has the focus. A key that is held down moves on, but acts only once: nobody labels
 * thirty buckets by leaning on Enter.
 */
export function useShortcuts(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof Element ? event.target : null;
      if (
        target?.closest(
          'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], [role=dialog], [role=menu], [role=listbox]',
        )
      )
        return;
      if ((event.key === 'Enter' || event.key === ' ') && target?.closest('button, a, summary, [role=radio]')) return;
      if (event.key.startsWith('Arrow') && target?.closest('[role=radiogroup], [role=tablist]')) return;
      const action = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (action === undefined) return;
      event.preventDefault();
      if (!event.repeat || MOVES.test(event.key)) action();
    };
    document.addEventListener('keydown', pressed);
    return () => document.removeEventListener('keydown', pressed);
  }, []);
}
