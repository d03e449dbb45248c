import { Fragment } from 'react';
import { splitHidden } from './hidden-characters.ts';

/**
 * Text that came with an alert, and so from an attacker, perhaps: shown as text whatever is in it. Nothing in it is a link; characters that
 * show nothing or turn the direction of writing are shown by their number. Longer texts than `limit` are cut, and say so.
 */
export function AlertText({ text, limit = 2_000 }: { readonly text: string; readonly limit?: number }) {
  const cut = text.length > limit ? text.slice(0, limit) : text;
  return (
    <bdi>
      {splitHidden(cut).map((part, index) =>
        part.hidden ? (
          // The parts of one text never change places.
          <span key={index} className="hidden-char" title={`A hidden character: ${part.text}`}>
            {part.text}
          </span>
        ) : (
          <Fragment key={index}>{part.text}</Fragment>
        ),
      )}
      {cut.length < text.length && (
        <span className="hidden-char">{` … ${(text.length - cut.length).toLocaleString()} more characters`}</span>
      )}
    </bdi>
  );
}
