import { notifyDone, notifyError } from './notify-undo.tsx';

/** Puts a text on the clipboard and says so, or says why not: browsers keep the clipboard from pages that came over plain HTTP from another host. */
export function copyText(text: string, said: string): void {
  if (navigator.clipboard === undefined) {
    notifyError(
      new Error('The browser copies only from pages over HTTPS: mark the text and press Ctrl+C, or open Verdict over HTTPS.'),
    );
    return;
  }
  navigator.clipboard.writeText(text).then(() => notifyDone(said), notifyError);
}
