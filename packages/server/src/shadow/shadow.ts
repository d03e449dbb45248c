/** How often two models gave one label each to events, beside what people say. Class numbers; null = no decision, or nothing said. */
export interface Agreement {
  readonly active: number | null;
  readonly shadow: number | null;
  /** What people agree on by votes given after the shadow began; null = nothing yet, or undecided. */
  readonly people: number | null;
  readonly events: number;
}

/** An event on which the two differ. */
export interface Difference {
  readonly eventId: string;
  readonly ingestedAt: number;
  readonly active: number | null;
  readonly shadow: number | null;
  readonly people: number | null;
}

/** The shadow model beside the active one. */
export interface ShadowReport {
  readonly modelId: number;
  /** Microseconds since when it decides silently. */
  readonly since: number;
  /** Events it has decided. */
  readonly decided: number;
  /** The newest of them, which are compared; those that the shadow model itself has decided since are left out. */
  readonly compared: number;
  readonly agreed: number;
  /** Compared events that people have labelled since, and how often each model was right on them. */
  readonly labelled: number;
  readonly activeRight: number;
  readonly shadowRight: number;
  readonly agreements: readonly Agreement[];
  /** The newest differences. */
  readonly differences: readonly Difference[];
}

/** Adds up what was counted. */
export function summarise(
  agreements: readonly Agreement[],
): Pick<ShadowReport, 'compared' | 'agreed' | 'labelled' | 'activeRight' | 'shadowRight'> {
  const total = { compared: 0, agreed: 0, labelled: 0, activeRight: 0, shadowRight: 0 };
  for (const { active, shadow, people, events } of agreements) {
    total.compared += events;
    if (active === shadow) total.agreed += events;
    if (people === null) continue;
    total.labelled += events;
    if (active === people) total.activeRight += events;
    if (shadow === people) total.shadowRight += events;
  }
  return total;
}
