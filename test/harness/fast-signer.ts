import { createHash, createHmac } from 'node:crypto';

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Signs form requests of query services by hand, in a few microseconds: a load generator that shares the machine with
 * the server cannot afford a whole SDK. The SDK's own signatures are what the wire tests use.
 */
export function createFormSigner(options: {
  readonly host: string;
  readonly service: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): (form: string) => SignedRequest {
  const { host, service, region, accessKeyId, secretAccessKey } = options;
  let day = '';
  let signingKey: Buffer = Buffer.alloc(0);
  const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  return (form) => {
    const time = `${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
    if (!time.startsWith(day) || day === '') {
      day = time.slice(0, 8);
      signingKey = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, day), region), service), 'aws4_request');
    }
    const type = 'application/x-www-form-urlencoded; charset=utf-8';
    const scope = `${day}/${region}/${service}/aws4_request`;
    const signed = 'content-type;host;x-amz-date';
    const canonical = `POST\n/\n\ncontent-type:${type}\nhost:${host}\nx-amz-date:${time}\n\n${signed}\n${sha256(form)}`;
    const signature = hmac(signingKey, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString(
      'hex',
    );
    return {
      body: form,
      headers: {
        host,
        'content-type': type,
        'content-length': String(Buffer.byteLength(form)),
        'x-amz-date': time,
        'user-agent': 'opentrail-bench/1 (load generator)',
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
      },
    };
  };
}
