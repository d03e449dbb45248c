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
  readonly bucketId: number | undefined;
  readonly consensus: string | null;
  readonly overruled: boolean;
  /** The person's own vote. */
  readonly own: string | null;
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
  {
    name: 'agents',
    title: 'Agents',
    about: "What agents said; it counts when a person has confirmed it, as that person's word.",
  },
  { name: 'all', title: 'All', about: 'Every bucket, biggest first.' },
] as const;
export type QueueName = (typeof QUEUES)[number]['name'];

const SIZE = 50;
const MOST = 200;

/** A queue as it was when it was asked for; it is kept as it is until `refetch`, so that nothing moves under the hand. */
export interface Queue {
  readonly items: readonly Item[];
  /** How many there are in all; more than `items` where only the first are here. */
  readonly total: number;
}

export function useQueue(
  jobId: number,
  name: QueueName,
): { readonly queue: Queue | undefined; readonly error: Error | null; readonly refetch: () => void } {
  const { data, error, refetch } = useQuery({
    queryKey: keys.of(jobId, 'queue', name),
    queryFn: () => load(jobId, name),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    gcTime: 0,
    meta: { live: false },
    enabled: name !== 'agents',
  });
  return { queue: data, error, refetch: () => void refetch() };
}

async function load(jobId: number, name: QueueName): Promise<Queue> {
  if (name === 'agents') return { items: [], total: 0 };
  if (name === 'recommended') {
    const items = (await api.queue(jobId, SIZE)).questions.map(ofQuestion);
    return { items, total: items.length };
  }
  if (name === 'audits') {
    const { audits } = await api.guardAudits(jobId);
    const items = audits.map((audit) => ({
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
    return { items, total: items.length };
  }
  const { buckets, total } = await api.buckets(jobId, { queue: name, limit: MOST });
  return { items: buckets.flatMap(ofBucket), total };
}

/** How many buckets wait in each queue; those that are computed on asking have no number. */
export function useCountsOfQueues(jobId: number): Readonly<Partial<Record<QueueName, number>>> {
  const counts = useQuery({
    queryKey: keys.of(jobId, 'queue-counts'),
    async queryFn() {
      const [{ counts: buckets }, guards, agents] = await Promise.all([
        api.buckets(jobId, { limit: 1 }),
        api.guards(jobId),
        api.agentVotes(jobId),
      ]);
      return { ...buckets, audits: guards.waiting, agents: agents.length };
    },
    placeholderData: (before) => before,
  });
  return counts.data ?? {};
}

type Bucket = AppBuckets['buckets'][number];

const PLAIN = {
  suggestion: null,
  confidence: null,
  outlier: false,
  blind: false,
  ask: undefined,
  auditId: undefined,
  why: '',
  bucketId: undefined,
  consensus: null,
  overruled: false,
  own: null,
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
    bucketId: question.bucket_id,
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
      bucketId: bucket.bucket_id,
      eventId: bucket.example_event_id,
      events: bucket.events,
      title: bucket.title,
      points: bucket.decision_points,
      suggestion: bucket.decision?.label ?? null,
      confidence: bucket.decision?.confidence ?? null,
      outlier: bucket.decision?.outlier ?? false,
      blind: bucket.blind,
      ...saidOf(bucket),
    },
  ];
}

/** What people say of a bucket. */
export function saidOf(bucket: Bucket): Pick<Item, 'consensus' | 'overruled' | 'own' | 'votes'> {
  return {
    consensus: bucket.consensus?.label ?? null,
    overruled: bucket.consensus?.overruled ?? false,
    own: bucket.own_label,
    votes: bucket.consensus?.votes ?? {},
  };
}
