import { type ComponentType, createElement, useEffect, useRef, useState } from 'react';
import { loadPart } from '../app/parts.ts';
import { tellMissing } from './part-missing.tsx';

/** What such a dialog is given: whether it is open, and how it says that it is not any more. */
interface DialogProps {
  readonly opened: boolean;
  readonly close?: () => void;
}

/**
 * A dialog whose code is fetched when it is first opened; after that it stays, closed, like every other dialog. Where it cannot be fetched the page
 * stays as it is, a message says why, and opening it again tries again.
 * @param load fetches its component.
 */
export function laterDialog<P extends DialogProps>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let fetched: ComponentType<P> | undefined;
  return function Later(props: P) {
    const [body, setBody] = useState<{ readonly dialog: ComponentType<P> } | null>(null);
    const { opened } = props;
    const close = useRef(props.close);
    close.current = props.close;
    useEffect(() => {
      if (!opened || body !== null) return;
      let here = true;
      const fetching = fetched === undefined ? loadPart(load) : Promise.resolve(fetched);
      fetching.then(
        (dialog) => {
          fetched = dialog;
          if (here) setBody({ dialog });
        },
        (error: unknown) => {
          if (!here) return;
          close.current?.();
          tellMissing(error);
        },
      );
      return () => {
        here = false;
      };
    }, [opened, body]);
    return body && <Opening dialog={body.dialog} props={props} />;
  };
}

/** A dialog that is closed for the blink of an eye first: it gives the focus back on closing only where it saw itself being opened. */
function Opening<P extends DialogProps>({ dialog, props }: { readonly dialog: ComponentType<P>; readonly props: P }) {
  const [there, setThere] = useState(false);
  useEffect(() => setThere(true), []);
  return createElement(dialog, { ...props, opened: there && props.opened });
}
