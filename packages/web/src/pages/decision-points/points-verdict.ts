import type { AppPointsPreview } from '@verdict/client/browser';

/** What to make of the figures. */
export function verdictOn({ events, buckets, single, top_50: top50 }: AppPointsPreview): string {
  if (events === 0) return 'No events to try it on.';
  if (buckets <= 3 && events > 20)
    return 'Very few buckets: alerts of different kinds would share a label. Add a field that tells them apart.';
  if (single > events / 2)
    return 'Most events would stand alone, so a label teaches little. Leave out fields with many values, such as names and addresses.';
  if (top50 >= 0.6) return `Labelling the 50 biggest buckets would cover ${percent(top50)} of what comes in.`;
  return `The 50 biggest buckets cover ${percent(top50)} of what comes in; fewer or coarser fields would cover more.`;
}

/** A part of a whole as percent. */
export function share(part: number, of: number): string {
  return percent(of === 0 ? 0 : part / of);
}

/** 0 to 1 as percent. */
export function percent(value: number): string {
  return `${(value * 100).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`;
}
