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
 * where no row has to be drawn again for them. A finger is never over anything: a tap on a value of the row that is chosen already shows them. The
 * keyboard has keys for the same, so they are not among what Tab goes through.
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
    let byFinger = false;
    const gone = () => setOver(null);
    const show = (target: Element) => {
      const cell = target.closest('.hit-cell');
      const row = cell?.parentElement;
      if (!cell || !row) return gone();
      const [frame, at] = [box.getBoundingClientRect(), cell.getBoundingClientRect()];
      setOver({
        row: Number(row.getAttribute('aria-rowindex')) - 2,
        column: [...row.children].indexOf(cell),
        top: at.top + at.height / 2 - frame.top,
        right: Math.max(0, frame.right - at.right),
      });
    };
    const ours = (target: EventTarget | null): target is Element =>
      target instanceof Element && target.closest('.cell-actions') === null;
    const pointed = ({ pointerType }: PointerEvent) => {
      byFinger = pointerType === 'touch';
    };
    // Browsers make up a mouse that passes by where a finger tapped.
    const moved = ({ target }: Event) => !byFinger && ours(target) && show(target);
    const tapped = (event: Event) => {
      const { target } = event;
      if (!byFinger || !ours(target)) return;
      if (target.closest('.hit[data-focus], .hit[data-open]') === null) return gone();
      // The row is chosen, and its event stays as it is.
      event.stopPropagation();
      show(target);
    };
    // What is under the pointer after that is not what the buttons were for.
    const resized = new ResizeObserver(gone);
    resized.observe(box);
    box.addEventListener('pointerdown', pointed, { capture: true });
    box.addEventListener('pointermove', pointed, { capture: true, passive: true });
    box.addEventListener('mouseover', moved);
    box.addEventListener('mouseleave', gone);
    box.addEventListener('click', tapped, { capture: true });
    box.addEventListener('scroll', gone, { capture: true, passive: true });
    return () => {
      resized.disconnect();
      box.removeEventListener('pointerdown', pointed, { capture: true });
      box.removeEventListener('pointermove', pointed, { capture: true });
      box.removeEventListener('mouseover', moved);
      box.removeEventListener('mouseleave', gone);
      box.removeEventListener('click', tapped, { capture: true });
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
          variant="subtle"
          color="gray"
          tabIndex={-1}
          title={name}
          aria-label={name}
          onClick={() => {
            run(action, over);
            // Hovering goes on over the same cell; a tap is over.
            if (matchMedia('(hover: none)').matches) setOver(null);
          }}
        >
          {icon}
        </ActionIcon>
      ))}
    </div>
  );
}
