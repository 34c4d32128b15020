/** The trivial upstream of the gateway bench, in a process of its own. Prints its port; ends with its parent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const SMALL = Buffer.from(
  '<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><Path>/team/core/</Path>' +
    '<UserName>bench</UserName><UserId>AIDAEXAMPLEBENCH0001</UserId><Arn>arn:aws:iam::000000000000:user/team/core/bench</Arn>' +
    '<CreateDate>2026-03-02T09:14:05Z</CreateDate></User></CreateUserResult><ResponseMetadata>' +
    '<RequestId>2f1f0d0a-2a7d-4e6a-9a77-3b1f7c0f5a11</RequestId></ResponseMetadata></CreateUserResponse>',
);
const BIG = Buffer.alloc(10 * 1_048_576, 'x');

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume();
  request.on('end', () => {
    const body = request.method === 'GET' ? BIG : request.method === 'PUT' ? undefined : SMALL;
    response.writeHead(200, {
      'content-type': 'text/xml',
      'content-length': body?.length ?? 0,
      'x-amzn-requestid': '2f1f0d0a-2a7d-4e6a-9a77-3b1f7c0f5a11',
    });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
