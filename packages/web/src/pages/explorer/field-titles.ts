const TITLES: Readonly<Record<string, string>> = {
  '@timestamp': 'Time',
  'metadata.description': 'Title',
  'arcanna.result_label': 'Decision',
  'arcanna.confidence_score': 'Confidence',
  'arcanna.consensus': 'Feedback',
  'arcanna.bucket_state': 'State',
  'arcanna.bucket_id': 'Bucket',
  'arcanna.outlier_flag': 'Outlier',
};

/** What people call a field: ours have names, those of alerts are their path. */
export function titleOf(field: string): string {
  return TITLES[field] ?? field;
}
