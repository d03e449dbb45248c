export { compareScalars, MAX_SET_VALUES } from './alert.ts';
export { compileDecisionPoints, type DecisionPoints, parsePointValues } from './decision-points.ts';
export { canonicalDecimal, parseAlert } from './exact-json.ts';
export { type Field, type FieldOptions, listFields } from './fields.ts';
export { checkPointPath, MAX_PATH_LENGTH } from './point-path.ts';
export * from './types.ts';
