import { Tip } from './tip.tsx';

/** A calibrated probability (0 to 1) as percent with a small bar; below 60 % it asks for attention. */
export function Confidence({ value }: { readonly value: number | null | undefined }) {
  if (value === null || value === undefined) return <span>–</span>;
  const percent = Math.round(value * 100);
  const low = percent < 60;
  return (
    <Tip label={() => (low ? 'Low: have a person look' : `Right about ${percent} times in 100`)}>
      <span className="confidence" data-low={low || undefined}>
        <svg width="34" height="6" viewBox="0 0 34 6" aria-hidden="true">
          <rect width="34" height="6" rx="3" className="confidence-track" />
          <rect width={0.34 * percent} height="6" rx="3" className="confidence-fill" />
        </svg>
        {percent} %
      </span>
    </Tip>
  );
}
