import { useQuery } from '@tanstack/react-query';
import type { AppActivity, AppEventRow } from '@verdict/client/browser';
import { api, keys } from '../../app/api.ts';

const STATES = [
  { key: 'new', state: 'New', means: 'Nobody has labelled these.' },
  { key: 'pending', state: 'Pending', means: 'Labelled; the next training learns them.' },
  { key: 'in_knowledge_base', state: 'In the model', means: 'The active model was trained on these.' },
  { key: 'retrain', state: 'Retrain', means: 'People changed their mind since the training.' },
] as const;

/** Units by where they stand between people and the active model, with their share of all. */
export function knowledgeOf({ standings }: AppActivity) {
  const total = Math.max(
    1,
    standings.reduce((sum, { units }) => sum + units, 0),
  );
  return STATES.map(({ key, state, means }) => {
    const { units = 0, events = 0 } = standings.find((standing) => standing.state === key) ?? {};
    return { state, means, units, events, share: units / total };
  });
}

/** How many of the newest events are looked through for those that need a person, and how many of them are shown. */
const NEWEST = 200;
const SHOWN = 6;

/** Of the newest events, those that nobody labelled and that are unsure, outliers, or without a decision though there is a model. */
export function useAttention(jobId: number) {
  return useQuery({
    queryKey: keys.of(jobId, 'attention'),
    async queryFn() {
      const { events } = await api.events(jobId, { limit: NEWEST });
      const found = events.filter((event) => event.consensus === null && whyAttention(event) !== null);
      return { found: found.slice(0, SHOWN), more: Math.max(0, found.length - SHOWN), looked: events.length };
    },
  });
}

/** Why a person should look at an event; null where nothing speaks for it. */
export function whyAttention({ decision }: AppEventRow): string | null {
  if (decision.model_id === null || decision.confidence === null) return null;
  if (decision.outlier) return 'outlier';
  return decision.confidence < 0.6 ? 'unsure' : null;
}
