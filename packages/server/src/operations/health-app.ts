import { Health, ReadyAnswer } from '@verdict/contract';
import { Type } from 'typebox';
import type { Config } from '../config.ts';
import { type Right, type Route, route } from '../http/route.ts';
import { isLoopback } from '../settings.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

/** What probes and Prometheus ask. */
export function healthRoutes(parts: {
  readonly config: Config;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
}): Route[] {
  const { config, readiness, metrics } = parts;
  return [
    route({
      method: 'GET',
      path: '/health',
      id: 'health',
      summary: 'Whether the process is alive',
      description: 'Touches nothing but the process itself: for a supervisor that restarts what hangs.',
      tag: 'operations',
      right: { public: true },
      response: Health,
      handler: async () => ({ status: 'ok' }),
    }),
    route({
      method: 'GET',
      path: '/ready',
      id: 'ready',
      summary: 'Whether the service can be used',
      description:
        'A write to the store succeeds, the database has the schema of this program, and the service is not stopping. 503 with what is wrong otherwise.',
      tag: 'operations',
      right: { public: true },
      response: ReadyAnswer,
      async handler({ reply }) {
        const { ready, checks, warnings } = await readiness.check();
        if (!ready) reply.status(503).header('retry-after', '5');
        return { status: ready ? 'ready' : 'not_ready', checks, warnings };
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      id: 'metrics',
      summary: 'Measurements in the text format of Prometheus',
      description:
        'Counts, sizes and durations; nothing of any alert. Where others can reach the service it wants a key (any valid one) or a session.',
      tag: 'operations',
      right: metricsRight(config),
      response: Type.String({ description: 'Prometheus text format 0.0.4.' }),
      async handler({ reply }) {
        reply.type(metrics.contentType);
        return metrics.text();
      },
    }),
  ];
}

/** A proxy makes a service on loopback reachable from elsewhere. */
function metricsRight(config: Config): Right {
  const local = isLoopback(config.host) && config.trustedProxies.length === 0;
  return local ? { public: true } : { input: 'any', scope: 'any', role: 'analyst' };
}
