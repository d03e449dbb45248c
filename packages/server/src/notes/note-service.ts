import type { AuditTrail } from '../audit/audit-trail.ts';
import type { Clock } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { type Origin, principalId } from '../http/principal.ts';
import type { EventService } from '../ingest/event-service.ts';
import type { Storage } from '../storage/storage.ts';
import { MAX_NOTES, MAX_OBJECTS, MAX_TEXT, type Note } from './note.ts';
import * as store from './note-store.ts';

/** A note as an agent sends it. */
export interface NoteDraft {
  readonly text: string;
  readonly savedObjects: unknown;
  readonly workflowName: string | null;
  readonly workflowId: string | null;
  readonly sessionId: string | null;
}

/** Notes of agents on events. */
export class NoteService {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #audit: AuditTrail;
  readonly #events: EventService;

  constructor(storage: Storage, clock: Clock, audit: AuditTrail, events: EventService) {
    this.#storage = storage;
    this.#clock = clock;
    this.#audit = audit;
    this.#events = events;
  }

  /**
   * Keeps a note with the current version of an event.
   * @throws Refusal `event_not_found`; `invalid` for a note without text or too long; `refused` when the event has too many.
   */
  async add(jobId: number, eventId: string, draft: NoteDraft, origin: Origin): Promise<number> {
    if (draft.text.trim() === '') throw new Refusal('invalid', 'body.agent_notes must not be empty.');
    if (draft.text.length > MAX_TEXT) throw new Refusal('invalid', `body.agent_notes can have at most ${MAX_TEXT} characters.`);
    const savedObjects =
      draft.savedObjects === undefined || draft.savedObjects === null ? null : JSON.stringify(draft.savedObjects);
    if (savedObjects !== null && savedObjects.length > MAX_OBJECTS)
      throw new Refusal('invalid', `body.agent_saved_objects can have at most ${MAX_OBJECTS} characters as JSON.`);
    return this.#storage.write(async (tx) => {
      const event = await this.#events.getIn(tx, jobId, eventId);
      if ((await store.listNotes(tx, jobId, eventId, MAX_NOTES)).length >= MAX_NOTES)
        throw new Refusal('refused', `The event has ${MAX_NOTES} notes already.`);
      const { workflowName, workflowId, sessionId } = draft;
      const by = principalId(origin.principal);
      const note = { text: draft.text, savedObjects, workflowName, workflowId, sessionId, at: this.#clock(), by };
      const id = await store.insertNote(tx, jobId, event.seq, note);
      await this.#audit.record(tx, origin, {
        action: 'event.note',
        objectKind: 'event',
        objectId: eventId,
        jobId,
        after: { note: id, characters: draft.text.length, workflow: workflowName },
      });
      return id;
    });
  }

  /** Notes on all versions of an event, newest first. @throws Refusal `event_not_found`. */
  async list(jobId: number, eventId: string): Promise<Note[]> {
    await this.#events.get(jobId, eventId);
    return this.#storage.read((tx) => store.listNotes(tx, jobId, eventId, MAX_NOTES));
  }
}
