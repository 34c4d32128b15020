import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openGapFile } from './gap-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'opentrail-gap-'));
after(() => rmSync(folder, { recursive: true }));
const gap = { refusedCount: 3, firstRefusedAtMs: 1, lastRefusedAtMs: 2, reasons: { diskFull: 3 } };

describe('the file of the open gap', () => {
  it('gives back what was written before the process ended, and takes no more room for it', () => {
    const path = join(folder, 'a');
    const first = openGapFile(path);
    const { size } = statSync(path);
    first.write(gap);
    const second = openGapFile(path);
    assert.deepEqual(second.read(), gap);
    assert.equal(statSync(path).size, size, 'the room was taken when the file was made');
    second.write(undefined);
    assert.equal(openGapFile(path).read(), undefined);
    first.close();
    second.close();
  });

  it('takes a torn file as no gap rather than refuse to start', () => {
    const path = join(folder, 'b');
    const file = openGapFile(path);
    file.write(gap);
    truncateSync(path, 20);
    assert.equal(file.read(), undefined);
    writeFileSync(path, '{"refusedCount":"many"}');
    assert.equal(file.read(), undefined);
    file.close();
  });
});
