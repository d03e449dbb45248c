import { type ComponentType, createElement, lazy, Suspense, useEffect, useState } from 'react';

/**
 * A dialog whose code is fetched when it is first opened; after that it stays, closed, like every other dialog.
 * @param load fetches its component. What it throws is for the page's error panel.
 */
export function laterDialog<P extends { readonly opened: boolean }>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const Body = lazy(async () => {
    const dialog = await load();
    return { default: (props: P) => <Opening dialog={dialog} props={props} /> };
  });
  return function Later(props: P) {
    const [wanted, setWanted] = useState(props.opened);
    if (props.opened && !wanted) setWanted(true);
    return wanted ? <Suspense fallback={null}>{createElement(Body, props)}</Suspense> : null;
  };
}

/** A dialog that is closed for the blink of an eye first: it gives the focus back on closing only where it saw itself being opened. */
function Opening<P extends { readonly opened: boolean }>({
  dialog,
  props,
}: {
  readonly dialog: ComponentType<P>;
  readonly props: P;
}) {
  const [there, setThere] = useState(false);
  useEffect(() => setThere(true), []);
  return createElement(dialog, { ...props, opened: there && props.opened });
}
