import type { Counter, Gauge, Metrics } from '../../base/metrics.ts';

/** Log events of the engine's process: name → when it is written. */
export const engineLogEvents = {
  'engine.ready': 'info: the engine answers; its process id',
  'engine.died': 'warn: the engine process ended and is started again; the reason and the pause before that',
  'engine.unresponsive': 'error: the engine answered no ping three times in a row and is killed',
  'engine.notStarted':
    'error: the engine did not start, recording goes on without it; the reason and the pause before the next attempt',
  'engine.stdin': 'debug: the pipe by which the engine learns that its parent is gone failed',
} as const;

export interface EngineMetrics {
  readonly up: Gauge;
  readonly restarts: Counter;
}

export function createEngineMetrics(metrics: Metrics): EngineMetrics {
  return {
    up: metrics.gauge({ name: 'engine_up', help: '1 while the engine process answers, 0 while it is down.' }),
    restarts: metrics.counter({
      name: 'engine_restarts_total',
      help: 'How often the engine process died and was started again.',
    }),
  };
}
