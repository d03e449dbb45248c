export { compareScalars, MAX_SET_VALUES } from './alert.ts';
export { compileDecisionPoints, type DecisionPoints, parsePointValues } from './decision-points.ts';
export { computeMetrics, type PairedTest, pairedTest, type SplitRow, splitByTimeAndGroup } from './evaluation.ts';
export { canonicalDecimal, parseAlert } from './exact-json.ts';
export { type Field, type FieldOptions, listFields } from './fields.ts';
export { loadModel, type Model } from './model.ts';
export { checkPointPath, MAX_PATH_LENGTH } from './point-path.ts';
export { TrainingError, type TrainResult, train } from './train.ts';
export * from './types.ts';
