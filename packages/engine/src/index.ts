export { type Advice, type AdviceKind, createFieldStatistics, type FieldStatistics } from './advice.ts';
export { compareScalars, MAX_SET_VALUES } from './alert.ts';
export {
  type Automation,
  type AutomationFacts,
  type AutomationSwitches,
  automationFor,
  exclusionOf,
} from './automation.ts';
export { compileDecisionPoints, type DecisionPoints, parsePointValues } from './decision-points.ts';
export {
  compareWindows,
  type DriftFinding,
  type DriftKind,
  type DriftReport,
  type DriftSample,
  type DriftWindow,
  recentWindow,
  referenceWindow,
} from './drift.ts';
export {
  computeMetrics,
  type PairedInterval,
  type PairedTest,
  pairedInterval,
  pairedTest,
  type SplitRow,
  splitByTimeAndGroup,
} from './evaluation.ts';
export { canonicalDecimal, parseAlert } from './exact-json.ts';
export type { FieldStatisticsOptions } from './field-statistics.ts';
export { type Field, type FieldOptions, listFields } from './fields.ts';
export {
  type Audit,
  addAudit,
  closeGuard,
  createGuard,
  DEFAULT_GUARD_THRESHOLDS,
  evaluateGuard,
  type GuardNeed,
  type GuardRule,
  type GuardState,
  type GuardStep,
  type GuardVerdict,
  guardThresholds,
  guardVerdict,
} from './guard.ts';
export { parseGuardState } from './guard-state.ts';
export { CURVE_NEEDS, type CurvePoint, type LearningCurve, learningCurve } from './learning-curve.ts';
export { loadModel, loadModelInSteps, type Model } from './model.ts';
export { checkPointPath, MAX_PATH_LENGTH } from './point-path.ts';
export {
  type QueueCandidate,
  type QueueInput,
  type QueueLabelled,
  type QueueReason,
  type Recommendation,
  recommend,
} from './queue.ts';
export { type PartResult, Training, TrainingError, type TrainingPart, type TrainResult, train } from './train.ts';
export { type Distrusted, distrustedSources, type TrustUnit, type TrustVote } from './trust.ts';
export * from './types.ts';
