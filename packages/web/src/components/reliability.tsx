import { Text } from '@mantine/core';
import { memo } from 'react';

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
}

const SIZE = 190;
const PAD = 28;

/** How often decisions of a confidence were right: on the diagonal it says what it means. */
export const Reliability = memo(function Reliability({ bins, ece }: { readonly bins: readonly Bin[]; readonly ece: number }) {
  const filled = bins.filter((bin) => bin.count > 0);
  const most = Math.max(1, ...filled.map((bin) => bin.count));
  const place = (value: number) => PAD + value * (SIZE - PAD - 8);
  const x = place;
  const y = (value: number) => SIZE - place(value);
  const words = filled
    .map((bin) => `${Math.round(bin.confidence * 100)} % sure: right in ${Math.round(bin.accuracy * 100)} % of ${bin.count}`)
    .join('; ');
  return (
    <>
      <svg
        width={SIZE}
        height={SIZE}
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        role="img"
        aria-label={`Reliability. ${words}`}
        className="reliability"
      >
        <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} className="reliability-ideal" />
        <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(0)} className="reliability-axis" />
        <line x1={x(0)} y1={y(0)} x2={x(0)} y2={y(1)} className="reliability-axis" />
        {filled.map((bin) => (
          <circle
            key={bin.from}
            cx={x(bin.confidence)}
            cy={y(bin.accuracy)}
            r={2.5 + 5 * Math.sqrt(bin.count / most)}
            className="reliability-bin"
          />
        ))}
        <text x={x(0)} y={SIZE - 16} textAnchor="middle">
          0
        </text>
        <text x={x(1) + 6} y={SIZE - 16} textAnchor="end">
          100 %
        </text>
        <text x={x(0.5)} y={SIZE - 6} textAnchor="middle">
          confidence
        </text>
        <text x={10} y={y(0.5)} textAnchor="middle" transform={`rotate(-90 10 ${y(0.5)})`}>
          right
        </text>
      </svg>
      <Text size="xs" c="dimmed">
        Mean gap {(ece * 100).toFixed(1)} points. Points below the line are overconfident.
      </Text>
    </>
  );
});
