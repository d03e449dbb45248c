import { expect, test } from 'vitest';
import { differing, type EditableJob, partsOf, stepsTo } from './job-parts.ts';

const JOB: EditableJob = {
  title: 'Mail',
  description: '',
  labels: [
    { class_id: 'class_0', name: 'Escalate', hex_color: '#ed0a2c', retired: false },
    { class_id: 'class_1', name: 'Drop', hex_color: '#10b981', retired: false },
    { class_id: 'class_2', name: 'Old', hex_color: '#2563eb', retired: true },
  ],
  integrations: [
    { integration_id: 1, role: 'input', enabled: false },
    { integration_id: 9, role: 'output', enabled: true },
  ],
  settings: {
    minutes_per_alert: 10,
    retention_days: null,
    agent_votes: 'confirm',
    outlier_rate: 0.02,
    audit_rate: 0.05,
    protected_points: [],
  },
};

test('nothing is asked for where nothing differs; a label that is offered no more is no part', () => {
  const parts = partsOf(JOB);
  expect(parts.labels.map(({ name }) => name)).toEqual(['Escalate', 'Drop']);
  expect(stepsTo(JOB, parts)).toEqual({ renames: [], change: null });
});

test('a new name keeps the class; only what differs is sent', () => {
  const parts = partsOf(JOB);
  const labels = parts.labels.map((label) => (label.classId === 'class_1' ? { ...label, name: 'Close' } : label));
  expect(stepsTo(JOB, { ...parts, labels, outlierRate: 0.1 })).toEqual({
    renames: [{ classId: 'class_1', name: 'Close' }],
    change: { settings: { outlier_rate: 0.1 } },
  });
});

test('a label more, fewer or of another colour sends all of them by their new names', () => {
  const parts = partsOf(JOB);
  const labels = [
    { classId: 'class_0', name: 'Raise', color: '#ed0a2c' },
    { classId: null, name: 'Old', color: '#000000' },
  ];
  expect(stepsTo(JOB, { ...parts, labels })).toEqual({
    renames: [{ classId: 'class_0', name: 'Raise' }],
    change: {
      labels: [
        { name: 'Raise', hex_color: '#ed0a2c' },
        { name: 'Old', hex_color: '#000000' },
      ],
    },
  });
});

test('other inputs leave the wires that stay as they are', () => {
  const parts = partsOf(JOB);
  expect(differing(parts, { ...parts, inputs: [1, 5] })).toEqual(['inputs']);
  expect(stepsTo(JOB, { ...parts, inputs: [1, 5] }).change).toEqual({
    integrations: [
      { integration_id: 5, role: 'input', enabled: true },
      { integration_id: 1, role: 'input', enabled: false },
      { integration_id: 9, role: 'output', enabled: true },
    ],
  });
  expect(stepsTo(JOB, { ...parts, inputs: [] }).change?.integrations).toEqual([
    { integration_id: 9, role: 'output', enabled: true },
  ]);
});
