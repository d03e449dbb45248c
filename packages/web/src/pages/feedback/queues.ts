import { useQuery } from '@tanstack/react-query';
import type { AppBuckets, AppQueue } from '@verdict/client/browser';
import { api, keys } from '../../app/api.ts';

/** What an analyst is asked about: a bucket, by its newest event; for audits one event. */
export interface Item {
  /** Stays the same while the queue is shown. */
  readonly key: string;
  readonly eventId: string;
  readonly events: number;
  readonly title: string | null;
  readonly points: readonly { readonly point: string; readonly value: unknown }[];
  readonly suggestion: string | null;
  readonly confidence: number | null;
  readonly outlier: boolean;
  /** What the machine says is hidden, so that the answer is a fair sample. */
  readonly blind: boolean;
  /** Sent along with the vote. */
  readonly ask: string | undefined;
  readonly auditId: number | undefined;
  readonly why: string;
  readonly consensus: string | null;
  readonly votes: Readonly<Record<string, number>>;
}

export const QUEUES = [
  {
    name: 'recommended',
    title: 'Recommended',
    about: 'What teaches the most: big, different, uncertain and random buckets in turn.',
  },
  {
    name: 'disagreements',
    title: 'Disagreements',
    about: 'People and the machine say different things, or people do among themselves.',
  },
  { name: 'low', title: 'Low confidence', about: 'The machine is below 60 % sure.' },
  { name: 'outliers', title: 'Outliers', about: 'Unlike anything that was labelled so far.' },
  { name: 'undecided', title: 'Undecided', about: 'Nobody has labelled these yet, or votes are even.' },
  { name: 'audits', title: 'Guard audits', about: 'Drawn at random, to be labelled blind: what the machine says is hidden.' },
  { name: 'all', title: 'All', about: 'Every bucket, biggest first.' },
] as const;
export type QueueName = (typeof QUEUES)[number]['name'];

/** Below this the machine asks for attention. */
const LOW = 0.6;
const SIZE = 50;

/** What is in a queue. It is asked for once and kept as it is until `refetch`, so that nothing moves under the hand. */
export function useQueue(
  jobId: number,
  name: QueueName,
): { readonly items: readonly Item[] | undefined; readonly error: Error | null; readonly refetch: () => void } {
  const { data, error, refetch } = useQuery({
    queryKey: keys.of(jobId, 'queue', name),
    queryFn: () => load(jobId, name),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    gcTime: 0,
    meta: { live: false },
  });
  return { items: data, error, refetch: () => void refetch() };
}

async function load(jobId: number, name: QueueName): Promise<Item[]> {
  if (name === 'recommended') return (await api.queue(jobId, SIZE)).questions.map(ofQuestion);
  if (name === 'audits') {
    const { audits } = await api.guardAudits(jobId);
    return audits.map((audit) => ({
      ...PLAIN,
      key: `audit ${audit.audit_id}`,
      eventId: audit.event_id,
      events: 1,
      title: audit.title,
      points: audit.decision_points,
      blind: true,
      auditId: audit.audit_id,
      why: 'drawn at random for the guard',
    }));
  }
  const { buckets } = await api.buckets(jobId, { limit: 500 });
  return buckets.filter(FITS[name]).slice(0, 300).flatMap(ofBucket);
}

type Bucket = AppBuckets['buckets'][number];

const FITS: Readonly<Record<'disagreements' | 'low' | 'outliers' | 'undecided' | 'all', (bucket: Bucket) => boolean>> = {
  disagreements: ({ consensus, decision }) =>
    consensus !== null &&
    !consensus.overruled &&
    (Object.keys(consensus.votes).length > 1 ||
      (consensus.label !== null &&
        decision?.label !== null &&
        decision?.label !== undefined &&
        decision.label !== consensus.label)),
  low: ({ decision }) => decision !== null && decision.confidence !== null && decision.confidence < LOW,
  outliers: ({ decision }) => decision?.outlier === true,
  undecided: ({ consensus }) => consensus === null || consensus.label === null,
  all: () => true,
};

const PLAIN = {
  suggestion: null,
  confidence: null,
  outlier: false,
  blind: false,
  ask: undefined,
  auditId: undefined,
  why: '',
  consensus: null,
  votes: {},
} as const;

const REASONS: Readonly<Record<string, string>> = {
  biggest: 'one of the biggest buckets without a label',
  diverse: 'unlike what was labelled so far',
  uncertain: 'the machine is not sure',
  disagreement: 'the learners do not agree',
  audit: 'drawn at random for the guard',
  random: 'drawn at random',
};

function ofQuestion(question: AppQueue['questions'][number]): Item {
  return {
    ...PLAIN,
    key: question.ask,
    eventId: question.event_id,
    events: question.events,
    title: question.title,
    points: question.decision_points,
    suggestion: question.blind ? null : question.suggestion,
    confidence: question.blind ? null : question.confidence,
    blind: question.blind,
    ask: question.ask,
    why: REASONS[question.reason] ?? question.reason,
  };
}

function ofBucket(bucket: Bucket): Item[] {
  if (bucket.example_event_id === null) return [];
  return [
    {
      ...PLAIN,
      key: `bucket ${bucket.bucket_id}`,
      eventId: bucket.example_event_id,
      events: bucket.events,
      title: null,
      points: bucket.decision_points,
      suggestion: bucket.decision?.label ?? null,
      confidence: bucket.decision?.confidence ?? null,
      outlier: bucket.decision?.outlier ?? false,
      consensus: bucket.consensus?.label ?? null,
      votes: bucket.consensus?.votes ?? {},
    },
  ];
}
