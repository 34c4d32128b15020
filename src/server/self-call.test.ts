import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findSelfCalls } from './self-call.ts';

const find = (host: string, environment: Record<string, string>, upstreams: string[] = []) =>
  findSelfCalls({
    host,
    port: 4610,
    environment,
    endpoints: upstreams.map((url) => ({ where: '--upstream', url: new URL(url), remedy: 'name another' })),
  });

describe('a server that would call itself', () => {
  it('finds its own address in exported endpoints, by whatever name, and says the remedy', () => {
    for (const url of ['http://127.0.0.1:4610', 'http://localhost:4610/', 'http://[::1]:4610']) {
      const [problem] = find('127.0.0.1', { AWS_ENDPOINT_URL: url });
      assert.match(problem ?? '', /^AWS_ENDPOINT_URL is .*env -u AWS_ENDPOINT_URL/, url);
    }
    assert.equal(find('0.0.0.0', { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:4610' }).length, 1);
    assert.equal(find('::', {}, ['http://localhost:4610']).length, 1);
    assert.equal(find('example.org', {}, ['https://EXAMPLE.org:4610']).length, 1);
  });

  it('lets every other endpoint pass', () => {
    const environment = {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:5000',
      AWS_ENDPOINT_URL_S3: 'http://192.0.2.1:4610',
      AWS_ENDPOINT_URL_SQS: 'nonsense',
      OTHER_ENDPOINT_URL: 'http://127.0.0.1:4610',
    };
    assert.deepEqual(find('127.0.0.1', environment, ['http://127.0.0.1:5000', 'http://minio:4610']), []);
  });

  it('believes a client that ignores exported endpoints', () => {
    const environment = {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4610',
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
    };
    assert.deepEqual(find('127.0.0.1', environment), []);
  });
});
