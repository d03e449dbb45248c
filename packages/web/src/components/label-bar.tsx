import { safeColor } from './label-badge.tsx';

interface Part {
  readonly name: string;
  readonly color: string;
  readonly count: number;
}

/** How a whole is shared among labels, as one bar with its numbers below it. Labels without any are left out. */
export function LabelBar({ parts, nothing }: { readonly parts: readonly Part[]; readonly nothing: string }) {
  const some = parts.filter(({ count }) => count > 0);
  const total = some.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return <span className="label-none">{nothing}</span>;
  let from = 0;
  return (
    <span className="label-bar">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" width="100%" height="6" aria-hidden="true">
        {some.map(({ name, color, count }) => {
          const x = from;
          from += (100 * count) / total;
          return <rect key={name} x={x} width={(100 * count) / total} height="6" fill={safeColor(color)} />;
        })}
      </svg>
      <span className="label-bar-legend">
        {some.map(({ name, color, count }) => (
          <span key={name} className="label-badge">
            <svg width="8" height="8" viewBox="0 0 8 8" aria-hidden="true">
              <circle cx="4" cy="4" r="4" fill={safeColor(color)} />
            </svg>
            {name} {count.toLocaleString()}
          </span>
        ))}
      </span>
    </span>
  );
}
