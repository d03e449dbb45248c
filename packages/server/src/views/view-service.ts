import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Origin } from '../http/principal.ts';
import type { ReadTx, Storage } from '../storage/storage.ts';
import { MOST_VIEWS, type View, type ViewDraft } from './view.ts';
import * as store from './view-store.ts';

/** Saved views: private ones for who made them, shared ones for everybody. Only people have views; a key has no page to open. */
export class ViewService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;

  constructor(storage: Storage, clock: Clock, audit: AuditTrail) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
  }

  /** The views that the caller sees, by name, and the number of the one that their page opens with. */
  async list(jobId: number, origin: Origin): Promise<{ readonly views: readonly View[]; readonly defaultId: number | null }> {
    const userId = personOf(origin);
    return this.#storage.read(async (tx) => ({
      views: await store.listViews(tx, jobId, userId),
      defaultId: await store.defaultView(tx, jobId, userId),
    }));
  }

  /** @throws Refusal `invalid` without a name, `refused` for a name that the caller's views have already, or too many views. */
  async create(jobId: number, draft: ViewDraft, origin: Origin): Promise<View> {
    const userId = personOf(origin);
    const clean = checked(draft);
    return this.#storage.write(async (tx) => {
      if ((await store.findOwn(tx, jobId, userId, clean.title)) !== undefined) throw taken(clean.title);
      if ((await store.countOwn(tx, jobId, userId)) >= MOST_VIEWS)
        throw new Refusal('refused', `You have ${MOST_VIEWS} views here already. Delete one that you no longer need.`);
      const id = await store.insertView(tx, jobId, userId, clean, this.#clock());
      if (clean.shared) await this.#record(tx, origin, 'view.share', jobId, id, undefined, clean.title);
      return (await store.getView(tx, jobId, id))!;
    });
  }

  /** Changes one of the caller's own. @throws Refusal as {@link create} does; `not_found`, `forbidden` for somebody else's. */
  async change(jobId: number, id: number, change: Partial<ViewDraft>, origin: Origin): Promise<View> {
    const userId = personOf(origin);
    return this.#storage.write(async (tx) => {
      const before = await this.#own(tx, jobId, id, userId);
      const clean = checked({ title: before.title, shared: before.shared, search: before.search, ...change });
      const other = await store.findOwn(tx, jobId, userId, clean.title);
      if (other !== undefined && other !== id) throw taken(clean.title);
      await store.updateView(tx, id, clean, this.#clock());
      if (before.shared || clean.shared) await this.#record(tx, origin, 'view.change', jobId, id, before.title, clean.title);
      return (await store.getView(tx, jobId, id))!;
    });
  }

  /** Deletes one of the caller's own. @throws Refusal `not_found`, `forbidden`. */
  async delete(jobId: number, id: number, origin: Origin): Promise<void> {
    const userId = personOf(origin);
    await this.#storage.write(async (tx) => {
      const before = await this.#own(tx, jobId, id, userId);
      await store.deleteView(tx, id);
      if (before.shared) await this.#record(tx, origin, 'view.delete', jobId, id, before.title, undefined);
    });
  }

  /** What the caller's page opens with; null = nothing. @throws Refusal `not_found` for a view that they do not see. */
  async setDefault(jobId: number, id: number | null, origin: Origin): Promise<void> {
    const userId = personOf(origin);
    await this.#storage.write(async (tx) => {
      if (id !== null && !sees(await store.getView(tx, jobId, id), userId)) throw missing(id);
      await store.setDefaultView(tx, jobId, userId, id);
    });
  }

  async #own(tx: ReadTx, jobId: number, id: number, userId: number): Promise<View> {
    const view = await store.getView(tx, jobId, id);
    if (!view || !sees(view, userId)) throw missing(id);
    if (view.ownerId !== userId)
      throw new Refusal('forbidden', `"${view.title}" is ${view.ownerName}'s view. Save it as your own, then change that.`);
    return view;
  }

  async #record(
    tx: Parameters<AuditTrail['record']>[0],
    origin: Origin,
    action: string,
    jobId: number,
    id: number,
    before: string | undefined,
    after: string | undefined,
  ): Promise<void> {
    await this.#audit.record(tx, origin, {
      action,
      objectKind: 'view',
      objectId: String(id),
      jobId,
      ...(before === undefined ? {} : { before: { title: before } }),
      ...(after === undefined ? {} : { after: { title: after } }),
    });
  }
}

function sees(view: View | undefined, userId: number): view is View {
  return view !== undefined && (view.shared || view.ownerId === userId);
}

function personOf({ principal }: Origin): number {
  if (principal.kind === 'user') return principal.userId;
  throw new Refusal('forbidden', 'Views belong to people: sign in to the web app to save one.');
}

function checked(draft: ViewDraft): ViewDraft {
  const title = draft.title.trim();
  if (title === '') throw new Refusal('invalid', 'Give the view a name.');
  return { ...draft, title };
}

function taken(title: string): Refusal {
  return new Refusal('refused', `You have a view "${title}" already. Take another name, or change that one.`);
}

function missing(id: number): Refusal {
  return new Refusal('not_found', `There is no view ${id} that you can see. Somebody may have deleted it; reload the page.`);
}
