/** A trivial upstream in a process of its own: answers every call as IAM answers CreateUser. Prints its port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ANSWER =
  '<CreateUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><CreateUserResult><User><Path>/team/core/</Path>' +
  '<UserName>bench</UserName><UserId>AIDAEXAMPLEBENCH0001</UserId><Arn>arn:aws:iam::000000000000:user/team/core/bench</Arn>' +
  '<CreateDate>2026-03-02T09:14:05Z</CreateDate></User></CreateUserResult><ResponseMetadata>' +
  '<RequestId>2f1f0d0a-2a7d-4e6a-9a77-3b1f7c0f5a11</RequestId></ResponseMetadata></CreateUserResponse>';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, {
      'content-type': 'text/xml',
      'x-amzn-requestid': '2f1f0d0a-2a7d-4e6a-9a77-3b1f7c0f5a11',
    });
    response.end(ANSWER);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('disconnect', () => process.exit(0));
