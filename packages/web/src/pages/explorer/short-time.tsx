import { local } from '../../components/time.tsx';
import { Tip } from '../../components/tip.tsx';

/** A time as short as a list has room for: the year only where it is another one. Hovering shows all of it, and UTC. */
export function ShortTime({ at }: { readonly at: string | null }) {
  if (at === null || Number.isNaN(Date.parse(at))) return <span>–</span>;
  const date = new Date(at);
  const sameYear = date.getFullYear() === new Date().getFullYear();
  const text = (sameYear ? THIS_YEAR : OTHER_YEAR).format(date);
  return (
    <Tip label={() => `${local(date)} here, ${date.toISOString().replace('T', ' ').replace('Z', '')} UTC`}>
      <time dateTime={at}>{text}</time>
    </Tip>
  );
}

const SHORT = { month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false } as const;
const THIS_YEAR = new Intl.DateTimeFormat(undefined, { ...SHORT, second: '2-digit' });
const OTHER_YEAR = new Intl.DateTimeFormat(undefined, { ...SHORT, year: '2-digit' });
