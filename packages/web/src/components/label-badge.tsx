import type { AppLabel } from '@verdict/client/browser';

/** A label with its colour as a dot, so that it reads in both schemes; a dash where there is none. */
export function LabelBadge({
  label,
  labels = [],
}: {
  readonly label: string | null | undefined;
  readonly labels?: readonly AppLabel[] | undefined;
}) {
  if (label === null || label === undefined || label === '') return <span className="label-none">no decision</span>;
  const known = labels.find((each) => each.name === label || each.class_id === label);
  return (
    <span className="label-badge">
      <svg width="9" height="9" viewBox="0 0 9 9" aria-hidden="true">
        <circle cx="4.5" cy="4.5" r="4.5" fill={safeColor(known?.hex_color)} />
      </svg>
      {known?.name ?? label}
    </span>
  );
}

/** A colour as six hexadecimal digits, grey for anything else. */
export function safeColor(color: string | undefined): string {
  return color !== undefined && /^#[0-9a-f]{6}$/i.test(color) ? color : '#868e96';
}
