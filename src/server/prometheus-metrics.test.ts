import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPrometheusMetrics } from './prometheus-metrics.ts';

describe('metrics for Prometheus', () => {
  it('counts, sets and observes under the prefix of the product', async () => {
    const metrics = createPrometheusMetrics();
    metrics.counter({ name: 'a_total', help: 'a', labels: ['reason'] }).add(2, { reason: 'full' });
    metrics.gauge({ name: 'b_bytes', help: 'b' }).set(7);
    metrics.histogram({ name: 'c_seconds', help: 'c', buckets: [1, 2] }).observe(1.5);
    const text = await metrics.render();
    assert.match(text, /^opentrail_a_total\{reason="full"\} 2$/m);
    assert.match(text, /^opentrail_b_bytes 7$/m);
    assert.match(text, /^opentrail_c_seconds_bucket\{le="2"\} 1$/m);
    assert.match(text, /^# HELP opentrail_a_total a$/m);
  });

  it('gives the same metric to whoever registers its name again, and nothing to another server', async () => {
    const [one, other] = [createPrometheusMetrics(), createPrometheusMetrics()];
    one.counter({ name: 'a_total', help: 'a' }).add();
    one.counter({ name: 'a_total', help: 'a' }).add();
    assert.match(await one.render(), /^opentrail_a_total 2$/m);
    assert.doesNotMatch(await other.render(), /opentrail_a_total/);
  });
});
