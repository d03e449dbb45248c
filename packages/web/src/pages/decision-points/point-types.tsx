import { NativeSelect } from '@mantine/core';
import type { AppJob } from '@verdict/client/browser';

/** Types that a person has set, by path. */
export type PointTypes = AppJob['decision_point_types'];
type PointType = PointTypes[string];

/** What each type makes of the values of a point. */
const MEANS: readonly { readonly type: PointType; readonly means: string }[] = [
  { type: 'category', means: 'a name; two values are the same or they are not' },
  { type: 'text', means: 'words and parts of words; texts that share them are near each other' },
  { type: 'number', means: 'an amount; near numbers are near each other' },
  { type: 'boolean', means: 'yes or no' },
  { type: 'ip', means: 'an address; its networks count too, and whether it is a private one' },
  { type: 'time', means: 'hour and weekday; where time was found by itself, only whether there is one' },
  { type: 'set', means: 'several values; each counts by itself, their order does not' },
];

/** What a chosen decision point holds: as found in the data, or as a person says. */
export function PointTypeSelect({
  path,
  found,
  set,
  disabled,
  change,
}: {
  readonly path: string;
  /** The type that the newest events show. */
  readonly found: string;
  /** What a person has set; undefined = it is found. */
  readonly set: PointType | undefined;
  readonly disabled: boolean;
  /** Called with null to have the type found again. */
  readonly change: (type: PointType | null) => void;
}) {
  return (
    <NativeSelect
      aria-label={`Type of ${path}`}
      size="xs"
      w={156}
      mt={2}
      className="point-type"
      value={set ?? ''}
      disabled={disabled}
      onChange={(event) => change(MEANS.find(({ type }) => type === event.currentTarget.value)?.type ?? null)}
      data={[{ value: '', label: `${found} (found)` }, ...MEANS.map(({ type }) => ({ value: type, label: type }))]}
    />
  );
}

/** What types are for, and when a change of one counts. */
export function AboutTypes() {
  return (
    <details className="about-types">
      <summary>What the type of a decision point means</summary>
      <p>
        It says how the model compares the values. It is found in the data; set it where that is wrong, such as a port that is a
        name and no amount. Buckets stay as they are, and the active model goes on as it was trained: a change counts from the
        next training on.
      </p>
      <dl>
        {MEANS.map(({ type, means }) => (
          <div key={type}>
            <dt>{type}</dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** The types of the chosen points alone: those of points that were taken out go with them. */
export function typesOf(points: ReadonlySet<string>, types: PointTypes): PointTypes {
  return Object.fromEntries(Object.entries(types).filter(([path]) => points.has(path)));
}

/**
 * What must be sent to get from the saved types to others.
 * @param points the points that are chosen then: types of others cannot be set, and go by themselves.
 * @returns null for a point whose type is to be found again; nothing where all stay.
 */
export function typeChanges(
  points: ReadonlySet<string>,
  saved: PointTypes,
  wanted: PointTypes,
): Record<string, PointType | null> {
  const changes: Record<string, PointType | null> = {};
  for (const path of points) {
    const [before, after] = [own(saved, path), own(wanted, path)];
    if (before !== after) changes[path] = after ?? null;
  }
  return changes;
}

/** A path may be called like something that every object has. */
export function own(types: PointTypes, path: string): PointType | undefined {
  return Object.hasOwn(types, path) ? types[path] : undefined;
}
