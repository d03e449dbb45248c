import { Text } from '@mantine/core';
import type { AppModel } from '@verdict/client/browser';

const WIDTH = 420;
const HEIGHT = 170;
const LEFT = 52;
const BOTTOM = 36;

/** How the models got better with what they learned from: one point for each, as it was judged at its training. */
export function LearningCurve({ models, chosen }: { readonly models: readonly AppModel[]; readonly chosen: AppModel }) {
  const all = models.toSorted((a, b) => a.units - b.units || a.model_id - b.model_id);
  const most = Math.max(1, ...all.map(({ units }) => units));
  const spread = new Set(all.map(({ units }) => units)).size;
  const lowest = Math.min(...all.map(({ metrics }) => metrics.accuracy));
  const base = Math.max(0, Math.floor(lowest * 10 - 1) / 10);
  const x = (units: number) => LEFT + (units / most) * (WIDTH - LEFT - 16);
  const y = (accuracy: number) => 10 + ((1 - accuracy) / (1 - base || 1)) * (HEIGHT - BOTTOM - 10);
  return (
    <>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        className="learning"
        role="img"
        aria-label={`Accuracy by labelled buckets. ${all.map(inWords).join('; ')}`}
      >
        {[base, (base + 1) / 2, 1].map((level) => (
          <g key={level}>
            <line x1={LEFT} x2={WIDTH - 10} y1={y(level)} y2={y(level)} className="reliability-axis" />
            <text x={LEFT - 6} y={y(level) + 3} textAnchor="end">
              {Math.round(level * 100)} %
            </text>
          </g>
        ))}
        <text x={LEFT} y={HEIGHT - 20}>
          0
        </text>
        <text x={WIDTH - 16} y={HEIGHT - 20} textAnchor="end">
          {most.toLocaleString()}
        </text>
        <text x={(LEFT + WIDTH - 16) / 2} y={HEIGHT - 6} textAnchor="middle">
          labelled buckets it was trained on
        </text>
        <text x={10} y={(HEIGHT - BOTTOM) / 2} textAnchor="middle" transform={`rotate(-90 10 ${(HEIGHT - BOTTOM) / 2})`}>
          accuracy
        </text>
        <polyline
          points={all.map(({ units, metrics }) => `${x(units)},${y(metrics.accuracy)}`).join(' ')}
          className="learning-line"
          fill="none"
        />
        {all.map((model) => (
          <circle
            key={model.model_id}
            cx={x(model.units)}
            cy={y(model.metrics.accuracy)}
            r={model === chosen ? 5.5 : 4}
            className={model === chosen ? 'learning-chosen' : 'learning-point'}
          >
            <title>{inWords(model)}</title>
          </circle>
        ))}
        {/* Names stand where there is room for them. */}
        {all.length <= 6 &&
          all.map((model) => (
            <text
              key={model.model_id}
              x={x(model.units)}
              y={y(model.metrics.accuracy) + 16}
              textAnchor={x(model.units) > WIDTH - 50 ? 'end' : 'middle'}
            >
              model {model.model_id}
            </text>
          ))}
      </svg>
      <Text size="xs" c="dimmed">
        {spread < 2
          ? `${all.length === 1 ? 'One model' : 'All models are'} from ${most.toLocaleString()} labelled buckets so far: label more and train again to see whether more labels still help.`
          : 'Accuracy of each model on labels it was not fitted to. Where the line is flat, other decision points help more than labels.'}
      </Text>
    </>
  );
}

function inWords({ model_id: id, units, metrics }: AppModel): string {
  return `Model ${id}: ${(metrics.accuracy * 100).toFixed(1)} % right from ${units.toLocaleString()} buckets`;
}
