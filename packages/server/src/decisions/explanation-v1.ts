import { type ExplanationView, microsToZ } from '@verdict/contract';
import type { Neighbour } from '@verdict/engine';
import type { BucketService } from '../buckets/bucket-service.ts';
import type { Feedback } from '../feedback/feedback.ts';
import type { FeedbackService } from '../feedback/feedback-service.ts';
import type { EventService } from '../ingest/event-service.ts';
import { classId, type Job } from '../jobs/job.ts';
import type { EventPicture } from './event-picture.ts';
import { labelName, reasonSentences, sentenceOf } from './reasons.ts';

export interface ExplanationDeps {
  readonly events: EventService;
  readonly buckets: BucketService;
  readonly feedback: FeedbackService;
}

type NeighbourView = ExplanationView['nearest'][number];

/** Why an event was decided so, as call 16 answers it. */
export async function presentExplanation(deps: ExplanationDeps, job: Job, picture: EventPicture): Promise<ExplanationView> {
  const { event, decision, explanation, automation } = picture;
  const choice = decision?.classNo ?? null;
  const label = choice === null ? '' : labelName(job, choice);
  const reason = (entry: { point: string; value: ExplanationView['towards'][number]['value']; weight: number }) => ({
    decision_point: entry.point,
    value: entry.value,
    weight: entry.weight,
    text: sentenceOf(entry, label),
  });
  // The engine's lists stand in the order of the model's classes, which is that of the class numbers.
  const classNos = decision ? Object.keys(decision.probabilities).map(Number) : [];
  const named = (values: readonly number[]) =>
    Object.fromEntries(values.map((value, index) => [labelName(job, classNos[index]!), value]));
  const nearest: NeighbourView[] = [];
  for (const neighbour of explanation?.neighbours ?? []) nearest.push(await presentNeighbour(deps, job, neighbour, classNos));
  const confidence = decision?.confidence ?? null;
  return {
    event_id: event.eventId,
    job_id: job.id,
    model_id: decision ? String(decision.modelId) : null,
    result: choice === null ? 'no_decision' : classId(choice),
    result_label: label === '' ? null : label,
    confidence_score: confidence === null ? null : Math.round(confidence * 10_000) / 100,
    probabilities: decision ? named(Object.values(decision.probabilities)) : {},
    reasons: reasonSentences(job, decision, explanation),
    towards: explanation?.towards.map(reason) ?? [],
    against: explanation?.against.map(reason) ?? [],
    nearest,
    learners:
      explanation?.learners.map(({ name, weight, probabilities }) => {
        const says = leaders(probabilities).map((index) => classNos[index]!);
        return {
          name,
          weight,
          probabilities: named(probabilities),
          label: says.length === 1 ? labelName(job, says[0]!) : null,
          agrees: says.length === 1 && says[0] === choice,
        };
      }) ?? [],
    outlier: decision && choice !== null ? decision.outlier : null,
    outlier_score: decision?.outlierScore ?? null,
    guard: { automation: automation.verdict, automation_reason: automation.reason },
  };
}

async function presentNeighbour(
  deps: ExplanationDeps,
  job: Job,
  neighbour: Neighbour,
  classNos: readonly number[],
): Promise<NeighbourView> {
  const { bucketId, eventId, said } = await origin(deps, job, neighbour.key);
  const top = leaders(neighbour.votes);
  return {
    bucket_id: bucketId === null ? neighbour.key : String(bucketId),
    event_id: eventId,
    label: top.length === 1 ? labelName(job, classNos[top[0]!]!) : null,
    votes: Object.fromEntries(
      neighbour.votes.flatMap((votes, index) => (votes > 0 ? [[labelName(job, classNos[index]!), Math.round(votes)]] : [])),
    ),
    labelled_by: [...new Set(said.map((entry) => entry.voter.name))],
    labelled_at: said.length === 0 ? null : microsToZ(said.reduce((newest, entry) => Math.max(newest, entry.at), 0)),
    similarity: neighbour.similarity,
    agree: [...neighbour.agree],
    differ: neighbour.differ.map(({ point, here, there }) => ({ decision_point: point, here, there })),
  };
}

/** The bucket (or, where events stand on their own, the event) behind a key of the knowledge base, and what people say of it now. */
async function origin(
  deps: ExplanationDeps,
  job: Job,
  key: string,
): Promise<{ bucketId: number | null; eventId: string | null; said: readonly Feedback[] }> {
  const [bucketKey, number] = key.split(':');
  if (number !== undefined) {
    const event = await deps.events.getBySeq(Number(number));
    if (event?.jobId !== job.id) return { bucketId: null, eventId: null, said: [] };
    return { bucketId: event.bucketId, eventId: event.eventId, said: await deps.feedback.votesOfEvent(event.seq) };
  }
  const bucket = await deps.buckets.getByKey(job.id, job.pointsVersion, bucketKey!);
  if (!bucket) return { bucketId: null, eventId: null, said: [] };
  const [example] = await deps.events.list(job.id, { bucketId: bucket.id, limit: 1 });
  return { bucketId: bucket.id, eventId: example?.eventId ?? null, said: await deps.feedback.votesOfBucket(bucket.id) };
}

/** Positions of the largest numbers. */
function leaders(numbers: readonly number[]): number[] {
  const top = Math.max(...numbers);
  return numbers.flatMap((one, index) => (one === top ? [index] : []));
}
