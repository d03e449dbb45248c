import { Tooltip } from '@mantine/core';
import { cloneElement, type ReactElement, useState } from 'react';

/** What `Tip` needs of the element that it explains: one that the browser draws. */
interface Explained {
  readonly onPointerEnter?: (event: React.PointerEvent<HTMLElement>) => void;
}

/**
 * What shows when the pointer rests on an element, for elements that a page has many of: the tooltip is made when the pointer first gets there,
 * because a list of fifty rows with two each would spend most of its time on tooltips that nobody sees.
 * @param label asked for then.
 */
export function Tip({ label, children }: { readonly label: () => string; readonly children: ReactElement<Explained> }) {
  const [target, setTarget] = useState<HTMLElement | null>(null);
  return (
    <>
      {cloneElement(children, { onPointerEnter: (event) => setTarget(event.currentTarget) })}
      {target !== null && <Tooltip target={target} label={label()} defaultOpened />}
    </>
  );
}
