import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createJsonLog, redact } from './json-log.ts';

function capture(level: 'error' | 'debug') {
  const lines: string[] = [];
  const log = createJsonLog({ level, stream: { write: (line) => lines.push(line) } });
  return { log, lines };
}

describe('log', () => {
  it('writes one JSON object a line: level, time, event, fields', () => {
    const { log, lines } = capture('debug');
    log.warn('engine.died', { pid: 7, reason: 'out of memory' });
    assert.equal(lines.length, 1);
    const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual(rest, { level: 'warn', event: 'engine.died', pid: 7, reason: 'out of memory' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('keeps the causes of an error', () => {
    const { log, lines } = capture('error');
    log.error('x.failed', { error: new Error('outer', { cause: new Error('inner') }) });
    log.info('x.unseen');
    assert.equal(lines.length, 1);
    const { error } = JSON.parse(lines[0] ?? '') as {
      error: { message: string; cause: { message: string } };
    };
    assert.deepEqual([error.message, error.cause.message], ['outer', 'inner']);
  });

  it('never writes a secret, however deep it is and whatever surrounds it', () => {
    const names = ['secretAccessKey', 'SessionToken', 'Authorization', 'x-amz-signature', 'password'];
    const secret = 'S3CR3T-VALUE';
    const tree = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(...names).map((name) => ({ [name]: secret })),
        fc.constantFrom(...names).map((name) => ({ [name]: { nested: [secret] } })),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('node'), { maxKeys: 3 }),
        fc.anything(),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        const text = JSON.stringify(redact({ value }), (_, v) => (typeof v === 'bigint' ? String(v) : v));
        assert.ok(!text.includes(secret), text);
        assert.ok(text.length < 10_000_000);
      }),
    );
  });
});
