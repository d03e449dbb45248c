/** The search index of a data folder, and the thread that keeps it up with the events. */
export class SearchIndex {
  /** The file that readers attach; null while there is none to trust. */
  readonly file: string | null = null;
}
