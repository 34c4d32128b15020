import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearestName } from './nearest-name.ts';

describe('nearest name', () => {
  const names = ['journal-max-bytes', 'host', 'port', 'metrics-port'];

  it('names what was probably meant', () => {
    assert.equal(nearestName('journal-max-byte', names), 'journal-max-bytes');
    assert.equal(nearestName('jurnal-maxbyte', names), 'journal-max-bytes');
    assert.equal(nearestName('hots', names), 'host');
    assert.equal(nearestName('prot', names), 'port');
    assert.equal(nearestName('Metric-Port', names), 'metrics-port');
  });

  it('names nothing where nothing is near', () => {
    assert.equal(nearestName('colour', names), undefined);
    assert.equal(nearestName('', names), undefined);
  });
});
