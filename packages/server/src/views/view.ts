/** What was searched, shown and sorted in the Event Explorer of a job, under a name. */
export interface View {
  readonly id: number;
  readonly jobId: number;
  readonly title: string;
  /** Everybody sees it; otherwise only its owner. */
  readonly shared: boolean;
  /** Who may change it. */
  readonly ownerId: number;
  readonly ownerName: string;
  /** The search of the page's address, as the page wrote it; nothing here reads it. */
  readonly search: string;
  readonly updatedAt: number;
}

/** A view as it is made or changed. */
export type ViewDraft = Pick<View, 'title' | 'shared' | 'search'>;

/** Views that one person can have in one job. */
export const MOST_VIEWS = 200;
