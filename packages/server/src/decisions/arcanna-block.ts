import { type ArcannaBlock, microsToZ } from '@verdict/contract';
import type { Bucket, KnowledgeState } from '../buckets/bucket.ts';
import type { Consensus } from '../feedback/feedback.ts';
import type { StoredEvent } from '../ingest/event.ts';
import { classId, type Job } from '../jobs/job.ts';
import { type Decision, LOW_CONFIDENCE } from './decision.ts';
import { labelName } from './reasons.ts';

/** What is known about an event, as the `arcanna` block tells it. */
export interface ArcannaFacts {
  readonly event: StoredEvent;
  readonly decision: Pick<Decision, 'modelId' | 'classNo' | 'confidence' | 'outlier' | 'outlierScore' | 'madeAt'> | undefined;
  readonly bucket: Pick<Bucket, 'id' | 'key'> | undefined;
  readonly consensus: Pick<Consensus, 'classNo'> | undefined;
  readonly state: KnowledgeState;
  /** The decision that the last reprocessing replaced. */
  readonly before: Pick<Decision, 'classNo'> | undefined;
}

/** What Verdict knows about an event, under `arcanna` in exports and queries. */
export function arcannaBlockOf(job: Job, facts: ArcannaFacts): ArcannaBlock {
  const { event, decision, bucket, consensus, state, before } = facts;
  const confidence = decision?.confidence ?? null;
  const finished = event.status !== 'pending_inference';
  return {
    result: finished ? resultOf(decision) : null,
    result_label: decision && decision.classNo !== null ? labelName(job, decision.classNo) : null,
    inference_status: finished ? 'finished' : 'pending',
    inference_result: finished ? resultOf(decision) : null,
    previous_result: before ? resultOf(before) : null,
    bucket_state: state,
    knowledge_base_state: state,
    bucket_id: bucket ? String(bucket.id) : null,
    key_hash: bucket?.key ?? null,
    consensus: consensus === undefined || consensus.classNo === null ? null : classId(consensus.classNo),
    confidence_score: confidence === null ? null : percent(confidence),
    confidence_percentage: confidence === null ? null : `${percent(confidence)}%`,
    outlier_flag: decision && decision.classNo !== null ? decision.outlier : null,
    outlier_score: decision?.outlierScore ?? null,
    attention: {
      low_confidence_score: { attention_required: confidence !== null && confidence < LOW_CONFIDENCE },
      undecided_consensus: { attention_required: consensus !== undefined && consensus.classNo === null },
    },
    original_id: event.eventId,
    storage_tag: event.storageTag,
    pipeline_status: event.status === 'ERROR' ? 'error' : finished ? 'finished' : 'running',
    pipeline_stage: finished ? 'decision' : 'enrichment',
    model: { path: decision ? String(decision.modelId) : null, timestamp: decision ? microsToZ(decision.madeAt) : null },
    log_messages: event.error
      ? [
          {
            component: 'pipeline',
            level: 'ERROR',
            component_subcategory: 'enrichment',
            content: event.error,
            timestamp: microsToZ(event.decidedAt ?? event.ingestedAt),
          },
        ]
      : [],
    timers: {},
  };
}

/** `class_n`, or `no_decision` before the first training and for an event without any of the model's decision points. */
export function resultOf(decision: Pick<Decision, 'classNo'> | undefined): string {
  return decision && decision.classNo !== null ? classId(decision.classNo) : 'no_decision';
}

/** Percent with two digits behind the point, as people read it. */
export function percent(share: number): number {
  return Math.round(share * 10_000) / 100;
}
