import { ActionIcon } from '@mantine/core';
import { IconCopy, IconFilter, IconFilterOff } from '@tabler/icons-react';
import { type RefObject, useEffect, useState } from 'react';

/** What is done with the value of a cell. */
export type CellAction = 'only' | 'not' | 'copy';

/** A cell of the list by its row and column, both from 0. */
export interface CellPlace {
  readonly row: number;
  readonly column: number;
}

const ACTIONS = [
  { action: 'only', name: 'Only these', icon: <IconFilter size={13} /> },
  { action: 'not', name: 'All but these', icon: <IconFilterOff size={13} /> },
  { action: 'copy', name: 'Copy the value', icon: <IconCopy size={13} /> },
] as const;

/**
 * Buttons over the cell that the pointer is on, one set for the whole list: a set in each cell would be thousands. They stand outside of the table,
 * where no row has to be drawn again for them. The keyboard has keys for the same, so they are not among what Tab goes through.
 */
export function CellActions({
  around,
  can,
  run,
}: {
  /** What holds the list, and these; it is what they are placed in. */
  readonly around: RefObject<HTMLDivElement | null>;
  readonly can: (action: CellAction, place: CellPlace) => boolean;
  readonly run: (action: CellAction, place: CellPlace) => void;
}) {
  const [over, setOver] = useState<(CellPlace & { readonly top: number; readonly right: number }) | null>(null);
  useEffect(() => {
    const box = around.current;
    if (box === null) return;
    const moved = ({ target }: Event) => {
      if (!(target instanceof Element) || target.closest('.cell-actions')) return;
      const cell = target.closest('.hit-cell');
      const row = cell?.parentElement;
      if (!cell || !row) return setOver(null);
      const [frame, at] = [box.getBoundingClientRect(), cell.getBoundingClientRect()];
      setOver({
        row: Number(row.getAttribute('aria-rowindex')) - 2,
        column: [...row.children].indexOf(cell),
        top: at.top + at.height / 2 - frame.top,
        right: Math.max(0, frame.right - at.right),
      });
    };
    const gone = () => setOver(null);
    box.addEventListener('mouseover', moved);
    box.addEventListener('mouseleave', gone);
    // Scrolling goes on under the pointer: what it is over then is not what the buttons were for.
    box.addEventListener('scroll', gone, { capture: true, passive: true });
    return () => {
      box.removeEventListener('mouseover', moved);
      box.removeEventListener('mouseleave', gone);
      box.removeEventListener('scroll', gone, { capture: true });
    };
  }, [around]);
  const shown = over === null ? [] : ACTIONS.filter(({ action }) => can(action, over));
  if (over === null || shown.length === 0) return null;
  return (
    <div
      className="cell-actions"
      style={{ top: over.top, right: over.right }}
      onWheel={({ deltaY }) => around.current?.querySelector('.hit-frame')?.scrollBy(0, deltaY)}
    >
      {shown.map(({ action, name, icon }) => (
        <ActionIcon
          key={action}
          size={24}
          variant="subtle"
          color="gray"
          tabIndex={-1}
          title={name}
          aria-label={name}
          onClick={() => run(action, over)}
        >
          {icon}
        </ActionIcon>
      ))}
    </div>
  );
}
