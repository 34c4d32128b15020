import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { nearestName } from '../base/nearest-name.ts';
import { ConfigError, type ConfigSources, environmentName, loadConfig } from './config.ts';
import { CONFIG_OPTIONS } from './config-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'opentrail-config-'));
after(() => rmSync(folder, { recursive: true }));

const SERVICES = new Map([
  ['s3', 's3'],
  ['monitoring', 'monitoring'],
  ['cloudwatch', 'monitoring'],
  ['dynamodb', 'dynamodb'],
  ['cloudtrail', 'cloudtrail'],
]);

function load(given: Partial<Pick<ConfigSources, 'flags' | 'environment'>> & { file?: unknown } = {}) {
  const path = join(folder, 'opentrail.json');
  if ('file' in given) {
    writeFileSync(path, typeof given.file === 'string' ? given.file : JSON.stringify(given.file));
  }
  return loadConfig({
    flags: { ...given.flags, ...('file' in given ? { config: path } : {}) },
    environment: given.environment ?? {},
    folder: '/somewhere',
    resolveService: (name) => SERVICES.get(name),
    nearestService: (name) => nearestName(name, SERVICES.keys()),
  });
}

function problemsOf(given: Parameters<typeof load>[0]): readonly string[] {
  try {
    load(given);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  return [];
}

describe('configuration', () => {
  it('has the documented defaults', () => {
    const config = load();
    assert.equal(config.dataDir, '/somewhere/data');
    assert.equal(config.host, '127.0.0.1');
    assert.equal(config.port, 4610);
    assert.equal(config.account, '000000000000');
    assert.equal(config.region, 'us-east-1');
    assert.equal(config.historyRetentionMs, 90 * 86_400_000);
    assert.equal(config.importRetentionMs, 'forever');
    assert.equal(config.engineMemoryBytes, 1e9);
    assert.equal(config.metricsPort, 0);
    assert.equal(config.throttle, 'off');
    assert.deepEqual(config.upstreams, []);
    assert.ok(Object.isFrozen(config));
  });

  it('takes flags before the environment, the environment before the file, the file before defaults', () => {
    const file = { port: 1, account: '111111111111', region: 'eu-west-1' };
    const environment = { OPENTRAIL_PORT: '2', OPENTRAIL_ACCOUNT: '222222222222' };
    const config = load({ file, environment, flags: { port: '3' } });
    assert.deepEqual([config.port, config.account, config.region], [3, '222222222222', 'eu-west-1']);
  });

  it('takes repeatable options as flags, as a comma list, and as an array, whole from the first that has one', () => {
    const urls = (config: ReturnType<typeof load>) => config.upstreams.map((u) => `${u.service} ${u.url}`);
    const expected = ['* http://a:1/', 's3 http://b:2/'];
    const texts = ['http://a:1', 's3=http://b:2'];
    assert.deepEqual(urls(load({ flags: { upstream: texts } })), expected);
    assert.deepEqual(
      urls(load({ environment: { OPENTRAIL_UPSTREAM: 'http://a:1, s3=http://b:2' } })),
      expected,
    );
    assert.deepEqual(urls(load({ file: { upstream: texts } })), expected);
    const both = load({ file: { upstream: texts }, flags: { upstream: ['http://c:3'] } });
    assert.deepEqual(urls(both), ['* http://c:3/']);
  });

  it('knows a service by its signing name and by the id of the SDK', () => {
    const { recordModes } = load({ flags: { record: ['cloudwatch=off', '*=blocking'] } });
    assert.deepEqual(recordModes, [
      { service: 'monitoring', mode: 'off' },
      { service: '*', mode: 'blocking' },
    ]);
  });

  it('counts relative paths of the file from its folder, others from the caller', () => {
    assert.equal(load({ file: { 'data-dir': 'x' } }).dataDir, join(folder, 'x'));
    assert.equal(load({ environment: { OPENTRAIL_DATA_DIR: '../x' } }).dataDir, '/x');
  });

  it('takes an empty variable as not given', () => {
    assert.equal(load({ environment: { OPENTRAIL_PORT: '' } }).port, 4610);
  });

  it('refuses unknown keys and variables and names the nearest right one', () => {
    assert.deepEqual(problemsOf({ file: { 'journal-max-byte': '1GB' } }), [
      `${join(folder, 'opentrail.json')}: unknown key "journal-max-byte"; did you mean "journal-max-bytes"?`,
    ]);
    assert.deepEqual(problemsOf({ environment: { OPENTRAIL_UPSTREAMS: 'x' } }), [
      'unknown variable OPENTRAIL_UPSTREAMS; did you mean OPENTRAIL_UPSTREAM?',
    ]);
    assert.deepEqual(problemsOf({ flags: { upstream: ['dynamodbb=http://a:1'] } }), [
      '--upstream: "dynamodbb" is not a service that AWS\'s models have; did you mean dynamodb?',
    ]);
  });

  it('lets the variables pass that Kubernetes sets for a Service of that name', () => {
    const environment = {
      OPENTRAIL_SERVICE_HOST: '10.0.0.1',
      OPENTRAIL_PORT_4610_TCP: 'tcp://10.0.0.1:4610',
    };
    assert.deepEqual(problemsOf({ environment }), []);
  });

  it('names every problem at once, where it is and what would be right', () => {
    const problems = problemsOf({
      flags: { port: '70000', account: '12', upstream: ['ftp://x'], record: ['s3=never'] },
      environment: { OPENTRAIL_HISTORY_RETENTION: '90', OPENTRAIL_ENGINE_MEMORY: '1XB' },
    });
    assert.deepEqual(problems.toSorted(), [
      '--account: "12" is not an account id of 12 digits',
      '--port: "70000" is not between 0 and 65535',
      '--record: "never" is not one of batch, blocking, off',
      '--upstream: "ftp://x" is not an endpoint: write it like http://127.0.0.1:5000',
      'OPENTRAIL_ENGINE_MEMORY: "1XB" is not a size: write a number with its unit, like 1GB or 512MiB',
      'OPENTRAIL_HISTORY_RETENTION: "90" is not a duration: write a number with its unit, like 90d, 12h, 30s',
    ]);
  });

  it('refuses what would turn off the recording of its own calls or forward them', () => {
    assert.match(problemsOf({ flags: { record: ['cloudtrail=off'] } }).join(), /always recorded/);
    assert.match(problemsOf({ flags: { upstream: ['cloudtrail=http://a:1'] } }).join(), /has no upstream/);
  });

  it('refuses two values for one service, half a TLS pair, a path on an upstream and a broken file', () => {
    assert.match(problemsOf({ flags: { upstream: ['http://a:1', 'http://b:1'] } }).join(), /given twice/);
    assert.match(problemsOf({ flags: { 'tls-cert': 'c.pem' } }).join(), /belong together/);
    assert.match(problemsOf({ flags: { upstream: ['http://a:1/x'] } }).join(), /may not have a path/);
    const overridden = { flags: { port: '1' }, environment: { OPENTRAIL_PORT: 'y' }, file: { port: 'x' } };
    assert.match(problemsOf(overridden).join(), /port: "x" is not .*,OPENTRAIL_PORT: "y" is not /);
    assert.match(problemsOf({ file: '{' }).join(), /is not JSON/);
    assert.match(problemsOf({ file: [] }).join(), /is not a JSON object/);
    assert.match(problemsOf({ file: { port: true } }).join(), /port: "true" is not a text or a number/);
    assert.match(problemsOf({ flags: { config: 'none.json' } }).join(), /none\.json: cannot be read/);
  });

  it('parses the default of every option', () => {
    for (const option of Object.values(CONFIG_OPTIONS)) {
      assert.match(environmentName(option.flag), /^OPENTRAIL_[A-Z0-9_]+$/);
      assert.match(option.doc, /^[A-Z].*\.$/, `${option.flag} is described in one sentence`);
    }
    load();
  });

  it('reads sizes and durations in every unit', () => {
    const config = load({
      flags: { 'journal-max-bytes': '1.5GiB', 'header-timeout': '1500ms', 'import-retention': '10d' },
    });
    assert.equal(config.journalBytesMax, 1.5 * 2 ** 30);
    assert.equal(config.headerTimeoutMs, 1_500);
    assert.equal(config.importRetentionMs, 864_000_000);
  });
});
