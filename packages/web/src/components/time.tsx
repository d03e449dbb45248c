import { Tip } from './tip.tsx';

/** A time in the person's own zone, with UTC on hover; `relative` says how long ago. Takes RFC 3339; null shows a dash. */
export function Time({ at, relative = false }: { readonly at: string | null | undefined; readonly relative?: boolean }) {
  if (at === null || at === undefined || Number.isNaN(Date.parse(at))) return <span>–</span>;
  const date = new Date(at);
  return (
    <Tip label={() => `${date.toISOString().replace('T', ' ').replace('Z', '')} UTC`}>
      <time dateTime={at}>{relative ? ago(date, Date.now()) : local(date)}</time>
    </Tip>
  );
}

/** Date and time in the person's zone. */
export function local(date: Date): string {
  return LOCAL.format(date);
}

// Made once: making one takes longer than all that a page formats with it.
const LOCAL = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** How long before `now` (milliseconds) it was, in words: `5 minutes ago`. */
export function ago(date: Date, now: number): string {
  const seconds = (date.getTime() - now) / 1000;
  for (const [unit, size] of STEPS) if (Math.abs(seconds) >= size) return RELATIVE.format(Math.trunc(seconds / size), unit);
  return RELATIVE.format(Math.trunc(seconds), 'second');
}
