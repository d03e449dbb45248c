import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';

/** Saved views of the Event Explorer: what was searched, shown and sorted, under a name. Times are RFC 3339 with Z. */

const text = (description: string) => Type.String({ description });

export const AppViewParams = Type.Object({
  job_id: Type.Integer({ minimum: 1, description: 'The number of the AI use case.' }),
  view_id: Type.Integer({ minimum: 1, description: 'The number of the view.' }),
});

export const AppView = Type.Object(
  {
    view_id: Type.Integer({ description: 'Its number.' }),
    title: text('Its name.'),
    shared: Type.Boolean({ description: 'Whether everybody sees it, or only who made it.' }),
    mine: Type.Boolean({ description: 'Whether the caller made it, and so may change it.' }),
    by: text('Who made it.'),
    search: text("The search of the page's address (behind the ?), as the page wrote it."),
    updated_at: Type.String({ format: 'date-time', description: 'When it was last changed.' }),
  },
  { description: 'A saved view.' },
);
export type AppView = Static<typeof AppView>;

export const AppViews = Type.Object(
  {
    views: Type.Array(AppView, { description: 'Those that the caller sees, by name.' }),
    default_view_id: Nullable(Type.Integer(), "The view that the caller's Event Explorer opens with; null = none."),
  },
  { description: 'The saved views of an AI use case.' },
);
export type AppViews = Static<typeof AppViews>;

const draft = {
  title: Type.String({ minLength: 1, maxLength: 100, description: 'Its name; each person has one view of a name.' }),
  shared: Type.Boolean({ description: 'Whether everybody shall see it.' }),
  search: Type.String({ maxLength: 20_000, description: "The search of the page's address." }),
};
export const AppViewDraft = Type.Object(draft, {
  description: 'A new view.',
  examples: [{ title: 'Escalations of today', shared: true, search: 'range=24h' }],
});
export type AppViewDraft = Static<typeof AppViewDraft>;
export const AppViewChange = Type.Partial(Type.Object(draft), { description: 'What is left out stays as it is.' });
export type AppViewChange = Static<typeof AppViewChange>;

export const AppDefaultView = Type.Object(
  { view_id: Nullable(Type.Integer({ minimum: 1 }), 'The view; null = none.') },
  { description: "The view that the caller's Event Explorer opens with." },
);
export type AppDefaultView = Static<typeof AppDefaultView>;
