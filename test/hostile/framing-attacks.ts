import { type AttackClass, type AttackContext, request } from './attack.ts';

/** A request inside another one's body; it must never be taken for a request of its own where the outer one is refused. */
function smuggled(context: AttackContext): string {
  return `GET /smuggled HTTP/1.1\r\nHost: iam.example\r\nX-Marker: ${context.marker}-smuggled\r\nUser-Agent: ${context.marker}-smuggled\r\n\r\n`;
}

/** Requests whose end could be seen in two places. */
export const framingAttacks: readonly AttackClass[] = [
  {
    name: 'Content-Length and Transfer-Encoding',
    build: (context) => {
      const headers = [`Content-Length: ${context.dice.integer(0, 60)}`, 'Transfer-Encoding: chunked'];
      if (context.dice.integer(0, 1) === 1) headers.reverse();
      return {
        bytes: request(context, { headers, body: `0\r\n\r\n${smuggled(context)}`, isUnframed: true }),
        expectation: 'refused',
      };
    },
  },
  {
    name: 'different Content-Lengths',
    build: (context) => {
      const length = context.dice.integer(0, 20);
      const headers = [
        `Content-Length: ${length}`,
        `content-length: ${length + context.dice.integer(1, 90)}`,
      ];
      return {
        bytes: request(context, { headers, body: smuggled(context), isUnframed: true }),
        expectation: 'refused',
      };
    },
  },
  {
    name: 'equal Content-Lengths',
    build: (context) => {
      const headers = context.dice.pick([
        ['Content-Length: 4', 'Content-Length: 4'],
        ['Content-Length: 4, 4'],
        ['Content-Length: 4', 'CONTENT-LENGTH: 4'],
      ]);
      return { bytes: request(context, { headers, body: 'body', isUnframed: true }), expectation: 'refused' };
    },
  },
  {
    name: 'a Content-Length that is no number',
    build: (context) => {
      const value = context.dice.pick([
        '-1',
        '+4',
        '0x4',
        '4;',
        '4 4',
        '4.0',
        '',
        'four',
        '99999999999999999999999',
        '\xb2',
        '1e3',
        '٤',
        '4\x0b',
      ]);
      const headers = [`Content-Length: ${value}`];
      return { bytes: request(context, { headers, body: 'body', isUnframed: true }), expectation: 'refused' };
    },
  },
  {
    name: 'a Transfer-Encoding in disguise',
    build: (context) => {
      const value = context.dice.pick([
        'xchunked',
        'chunked;q=1',
        '"chunked"',
        'chunked, identity',
        'identity, chunked',
        'gzip, chunked',
        'chunkedx',
        'identity',
        ' ,chunked',
        'chunked,',
        'cHuNkEd, chunked',
        '\x0bchunked',
        'chunk ed',
        'gzip',
        '',
      ]);
      const headers = [`Transfer-Encoding: ${value}`];
      const body = `0\r\n\r\n${smuggled(context)}`;
      return { bytes: request(context, { headers, body, isUnframed: true }), expectation: 'refused' };
    },
  },
  {
    name: 'a disguised Transfer-Encoding name',
    build: (context) => {
      const name = context.dice.pick([
        'Transfer-Encoding ',
        ' Transfer-Encoding',
        'Transfer\x00Encoding',
        'Transfer-Encoding\x0b',
        'Transfer-Encoding\t',
      ]);
      const headers = [`${name}: chunked`, 'Content-Length: 5'];
      return {
        bytes: request(context, { headers, body: '0\r\n\r\n', isUnframed: true }),
        expectation: 'refused',
      };
    },
  },
  {
    name: 'two Transfer-Encodings',
    build: (context) => {
      const headers = [
        'Transfer-Encoding: chunked',
        `Transfer-Encoding: ${context.dice.pick(['chunked', 'x', 'identity'])}`,
      ];
      return {
        bytes: request(context, { headers, body: '0\r\n\r\n', isUnframed: true }),
        expectation: 'refused',
      };
    },
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    build: (context) => ({
      bytes: request(context, {
        line: 'POST / HTTP/1.0',
        headers: ['Transfer-Encoding: chunked'],
        body: `0\r\n\r\n${smuggled(context)}`,
        isUnframed: true,
      }),
      expectation: 'refused',
    }),
  },
  {
    name: 'long chunk extensions',
    build: (context) => {
      const extension = `;${'x'.repeat(context.dice.pick([10, 1_000, 20_000, 70_000]))}=1`;
      const body = `4${extension}\r\nbody\r\n0\r\n\r\n`;
      const headers = ['Transfer-Encoding: chunked'];
      return { bytes: request(context, { headers, body, isUnframed: true }), expectation: 'either' };
    },
  },
  {
    name: 'chunk sizes that are no sizes',
    build: (context) => {
      const size = context.dice.pick([
        '-1',
        '0x4',
        '4 4',
        'g',
        '',
        'ffffffffffffffffff',
        '+4',
        '4\n',
        '4;\n',
      ]);
      const body = `${size}\r\nbody\r\n0\r\n\r\n`;
      const headers = ['Transfer-Encoding: chunked'];
      return { bytes: request(context, { headers, body, isUnframed: true }), expectation: 'either' };
    },
  },
  {
    name: 'chunks longer than their size',
    build: (context) => {
      const body = `${context.dice.integer(1, 3)}\r\nlonger\r\n0\r\n\r\n${smuggled(context)}`;
      const headers = ['Transfer-Encoding: chunked'];
      return { bytes: request(context, { headers, body, isUnframed: true }), expectation: 'either' };
    },
  },
  {
    name: 'trailers that would change the request',
    build: (context) => {
      const trailer = context.dice.pick([
        'Content-Length: 5',
        'Transfer-Encoding: chunked',
        'Host: evil.example',
        'Authorization: x',
        'X:\x00',
        'X: a\r\n b',
      ]);
      const body = `4\r\nbody\r\n0\r\n${trailer}\r\n\r\n`;
      const headers = ['Transfer-Encoding: chunked'];
      return { bytes: request(context, { headers, body, isUnframed: true }), expectation: 'either' };
    },
  },
  {
    name: 'a flood of trailers',
    build: (context) => {
      const trailers = Array.from(
        { length: context.dice.integer(300, 3_000) },
        (_, at) => `X-${at}: 1\r\n`,
      ).join('');
      const headers = ['Transfer-Encoding: chunked'];
      const bytes = request(context, {
        headers,
        body: `4\r\nbody\r\n0\r\n${trailers}\r\n`,
        isUnframed: true,
      });
      return { bytes, expectation: 'either' };
    },
  },
  {
    name: 'bare line feeds',
    build: (context) => {
      const bytes = request(context, { line: 'GET / HTTP/1.1' });
      const which = context.dice.integer(0, 2);
      if (which === 0) return { bytes: bytes.replaceAll('\r\n', '\n'), expectation: 'refused' };
      if (which === 1) return { bytes: bytes.replace('\r\n', '\n'), expectation: 'refused' };
      return {
        bytes: bytes.replace('Connection: close\r\n', 'Connection: close\nX-B: 1\r\n'),
        expectation: 'refused',
      };
    },
  },
  {
    name: 'bare carriage returns and NUL',
    build: (context) => {
      const inner = context.dice.pick(['\r', '\x00', '\r\r', '\x0b\r']);
      return { bytes: request(context, { headers: [`X-A: a${inner}b`] }), expectation: 'refused' };
    },
  },
  {
    name: 'folded headers',
    build: (context) => {
      const fold = context.dice.pick([' ', '\t', '  \t']);
      return {
        bytes: request(context, { headers: [`X-A: 1\r\n${fold}Content-Length: 9`] }),
        expectation: 'refused',
      };
    },
  },
  {
    name: 'a body that is not announced',
    build: (context) => ({
      bytes: request(context, { body: smuggled(context), isUnframed: true }).replace(
        'Connection: close\r\n',
        '',
      ),
      expectation: 'either',
    }),
  },
  {
    name: 'pipelined requests',
    build: (context) => {
      const first = request(context, { body: 'first' }).replace('Connection: close\r\n', '');
      return { bytes: first + request(context, { line: 'GET /second HTTP/1.1' }), expectation: 'forwarded' };
    },
  },
];
