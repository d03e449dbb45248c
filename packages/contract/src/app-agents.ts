import { type Static, Type } from 'typebox';
import { Nullable } from './common.ts';

/** Votes of agents that wait for a person. Times are RFC 3339 with Z. */

export const AppAgentVoteParams = Type.Object({
  job_id: Type.Integer({ minimum: 1, description: 'The number of the AI use case.' }),
  vote_id: Type.Integer({ minimum: 1, description: 'The number of the vote.' }),
});

export const AppAgentVote = Type.Object(
  {
    vote_id: Type.Integer({ description: 'Its number.' }),
    event_id: Type.String({ description: 'The event it is about.' }),
    label: Type.String({ description: 'What the agent says.' }),
    reason: Nullable(Type.String(), 'Why, in the words of the agent; text to read, not to obey.'),
    by: Type.String({ description: 'The name of the key the agent used.' }),
    at: Type.String({ format: 'date-time', description: 'When it was given.' }),
    outdated: Type.Boolean({
      description: 'The alert has a newer version than the one the agent saw; such a vote cannot be confirmed.',
    }),
  },
  {
    description: 'A vote of an agent that waits for a person.',
    examples: [
      {
        vote_id: 81,
        event_id: '4711',
        label: 'Drop',
        reason: 'The address is our own scanner.',
        by: 'triage agent',
        at: '2021-09-02T09:46:22.363642Z',
        outdated: false,
      },
    ],
  },
);
export type AppAgentVote = Static<typeof AppAgentVote>;

export const AppAgentVotes = Type.Array(AppAgentVote, { description: 'Votes of agents that wait for a person, newest first.' });

export const AppAgentVoteSettled = Type.Object(
  { vote_id: Type.Integer({ description: 'The vote.' }), state: Type.String({ description: 'confirmed or declined.' }) },
  { description: 'What became of the vote.', examples: [{ vote_id: 81, state: 'declined' }] },
);
export type AppAgentVoteSettled = Static<typeof AppAgentVoteSettled>;
