/** The peer of the gateway bench: `http-proxy-3` with a keep-alive agent, which records nothing. Argument: the upstream. */
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createProxyServer } from 'http-proxy-3';

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const proxy = createProxyServer({ target: process.argv[2] as string, agent });
proxy.on('error', (_error, _request, response) => {
  response.destroy();
});
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) =>
  proxy.web(request, response),
);
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
