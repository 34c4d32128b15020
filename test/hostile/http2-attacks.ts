import type { Attack, AttackClass, AttackContext } from './attack.ts';
import { SIGNED } from './attack.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const [DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION] = [
  0, 1, 3, 4, 6, 7, 8, 9,
];
const END_STREAM = 0x1;
const END_HEADERS = 0x4;

type Fields = readonly (readonly [string, string])[];

function number(value: number, bytesCount: number): string {
  let text = '';
  for (let shift = bytesCount - 1; shift >= 0; shift -= 1) {
    text += String.fromCharCode(Math.floor(value / 256 ** shift) & 0xff);
  }
  return text;
}

function frame(type: number, flags: number, stream: number, payload: string): string {
  return number(payload.length, 3) + String.fromCharCode(type, flags) + number(stream, 4) + payload;
}

/** HPACK literals that are never indexed and not compressed (RFC 7541, 6.2.3). */
function encode(fields: Fields): string {
  return fields.map(([name, value]) => `\x10${text(name)}${text(value)}`).join('');
}

function text(value: string): string {
  if (value.length < 127) return String.fromCharCode(value.length) + value;
  let rest = value.length - 127;
  let bytes = '\x7f';
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes += String.fromCharCode((rest % 128) + 128);
  return bytes + String.fromCharCode(rest) + value;
}

function pseudo(path = '/', authority = 'iam.example'): [string, string][] {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', authority],
  ];
}

function own(context: AttackContext): [string, string][] {
  return [
    ['x-marker', context.marker],
    ['user-agent', context.marker],
    ['authorization', SIGNED.slice('Authorization: '.length)],
  ];
}

function connection(frames: string): string {
  return `${PREFACE}${frame(SETTINGS, 0, 0, '')}${frames}`;
}

function oneRequest(fields: Fields, expectation: Attack['expectation'], body = ''): Attack {
  const head = frame(HEADERS, END_HEADERS | (body === '' ? END_STREAM : 0), 1, encode(fields));
  const data = body === '' ? '' : frame(DATA, END_STREAM, 1, body);
  return { bytes: connection(head + data), expectation, isHttp2: true };
}

/** HTTP/2 that breaks RFC 9113, or that costs the server more than its sender. */
export const http2Attacks: readonly AttackClass[] = [
  {
    name: 'HTTP/2: pseudo-headers twice, missing, unknown or late',
    build: (context) => {
      const all = pseudo();
      const fields = context.dice.pick<Fields>([
        [...all, [':path', '/other'], ...own(context)],
        [...all.slice(1), ...own(context)],
        [...all.slice(0, 2), ...own(context)],
        [...all, [':evil', 'x'], ...own(context)],
        [...own(context), ...all],
        [...all, [':status', '200'], ...own(context)],
        [[':method', ''], ...all.slice(1), ...own(context)],
        [...all.slice(0, 2), [':path', ''], ...own(context)],
      ]);
      return oneRequest(fields, 'refused');
    },
  },
  {
    name: 'HTTP/2: line breaks in pseudo-headers',
    build: (context) => {
      const path = context.dice.pick([
        '/ HTTP/1.1\r\nHost: evil\r\n\r\nGET /',
        '/a b',
        '/\x00',
        'http://evil/',
        '*',
        '/\r\nX: 1',
      ]);
      return oneRequest([...pseudo(path), ...own(context)], 'refused');
    },
  },
  {
    name: 'HTTP/2: methods that would split the request',
    build: (context) => {
      const method = context.dice.pick([
        'GET / HTTP/1.1\r\nX: ',
        'CONNECT',
        'TRACE',
        'GE T',
        'G\x00',
        'GET\r\n',
      ]);
      return oneRequest([[':method', method], ...pseudo().slice(1), ...own(context)], 'refused');
    },
  },
  {
    // `node:http2` leaves a malformed field out, or ends the stream; it never hands it on.
    name: 'HTTP/2: line breaks in headers',
    build: (context) => {
      const field = context.dice.pick<readonly [string, string]>([
        ['x-a', 'a\r\nContent-Length: 9'],
        ['x-a', 'a\nb'],
        ['x-a\r\ny', '1'],
        ['x-a', 'a\x00b'],
        ['x a', '1'],
        ['x:a', '1'],
        ['', '1'],
      ]);
      return oneRequest([...pseudo(), ...own(context), field], 'either');
    },
  },
  {
    name: 'HTTP/2: upper case',
    build: (context) => oneRequest([...pseudo(), ...own(context), ['X-Upper', '1']], 'refused'),
  },
  {
    name: 'HTTP/2: headers of a connection',
    build: (context) => {
      const field = context.dice.pick<readonly [string, string]>([
        ['transfer-encoding', 'chunked'],
        ['connection', 'close'],
        ['keep-alive', '1'],
        ['upgrade', 'h2c'],
        ['te', 'gzip'],
        ['proxy-connection', 'close'],
      ]);
      return oneRequest([...pseudo(), ...own(context), field], 'refused', '0\r\n\r\n');
    },
  },
  {
    name: 'HTTP/2: a Content-Length that is not the length',
    build: (context) => {
      const length = context.dice.pick(['0', '3', '99', '-1', 'x', '4,4', '18446744073709551616']);
      return oneRequest([...pseudo(), ...own(context), ['content-length', length]], 'either', 'body');
    },
  },
  {
    name: 'HTTP/2: another authority or a second host',
    build: (context) => {
      const fields = context.dice.pick<Fields>([
        [...pseudo('/', context.decoy), ...own(context)],
        [...pseudo(), ['host', context.decoy], ...own(context)],
        [...pseudo('/', 'u@h'), ...own(context)],
        [...pseudo('/', 'a/b'), ...own(context)],
      ]);
      return oneRequest(fields, 'either');
    },
  },
  {
    name: 'HTTP/2: rapid resets',
    build: (context) => {
      let frames = '';
      const block = encode([...pseudo(), ...own(context)]);
      for (let at = 0; at < context.dice.integer(50, 200); at += 1) {
        frames += frame(HEADERS, END_HEADERS | END_STREAM, at * 2 + 1, block);
        frames += frame(RST_STREAM, 0, at * 2 + 1, number(8, 4));
      }
      return { bytes: connection(frames), expectation: 'either', isHttp2: true };
    },
  },
  {
    name: 'HTTP/2: more streams than allowed',
    build: (context) => {
      let frames = '';
      const block = encode([...pseudo(), ...own(context)]);
      for (let at = 0; at < 300; at += 1) frames += frame(HEADERS, END_HEADERS, at * 2 + 1, block);
      return { bytes: connection(frames), expectation: 'either', isHttp2: true, isCut: true };
    },
  },
  {
    name: 'HTTP/2: floods of small frames',
    build: (context) => {
      const one = context.dice.pick([
        frame(PING, 0, 0, '12345678'),
        frame(SETTINGS, 0, 0, ''),
        frame(DATA, 0, 1, ''),
        frame(WINDOW_UPDATE, 0, 0, number(1, 4)),
        frame(0xbe, 0, 0, 'x'),
      ]);
      return {
        bytes: connection(one.repeat(context.dice.integer(500, 3_000))),
        expectation: 'refused',
        isHttp2: true,
      };
    },
  },
  {
    name: 'HTTP/2: endless continuations',
    build: (context) => {
      const part = encode([['x-a', 'a'.repeat(1_000)]]);
      const frames =
        frame(HEADERS, END_STREAM, 1, encode([...pseudo(), ...own(context)])) +
        frame(CONTINUATION, 0, 1, part).repeat(context.dice.integer(80, 300));
      return { bytes: connection(frames), expectation: 'refused', isHttp2: true };
    },
  },
  {
    name: 'HTTP/2: header lists that are too large',
    build: (context) => {
      const many: [string, string][] = Array.from({ length: 1_500 }, (_, at) => [`x-${at}`, '1']);
      return oneRequest([...pseudo(), ...own(context), ...many].slice(0, 1_200), 'refused');
    },
  },
  {
    name: 'HTTP/2: compression that cannot be',
    build: (context) => {
      const block = context.dice.pick([
        '\xff\xff\xff\xff\xff\xff',
        '\xbe',
        '\x3f\xff\xff\xff\xff',
        '\x80',
        '\x10\x7f\xff\xff\xff\xff\x0f',
      ]);
      return {
        bytes: connection(frame(HEADERS, END_HEADERS | END_STREAM, 1, block)),
        expectation: 'refused',
        isHttp2: true,
      };
    },
  },
  {
    name: 'HTTP/2: frames in the wrong place',
    build: (context) => {
      const frames = context.dice.pick([
        frame(DATA, 0, 0, 'x'),
        frame(HEADERS, END_HEADERS, 0, ''),
        frame(HEADERS, END_HEADERS, 2, encode(pseudo())),
        frame(SETTINGS, 0, 1, ''),
        frame(SETTINGS, 0, 0, 'x'),
        frame(PING, 0, 0, 'x'),
        frame(WINDOW_UPDATE, 0, 0, number(0, 4)),
        frame(WINDOW_UPDATE, 0, 0, number(0x7fffffff, 4)).repeat(2),
        frame(CONTINUATION, END_HEADERS, 1, ''),
        frame(RST_STREAM, 0, 99, number(0, 4)),
        frame(GOAWAY, 0, 0, ''),
        number(0xffffff, 3) + String.fromCharCode(DATA, 0) + number(1, 4) + 'x'.repeat(20_000),
        frame(SETTINGS, 0, 0, number(4, 2) + number(0xffffffff, 4)),
        frame(5, END_HEADERS, 1, number(2, 4)),
      ]);
      return { bytes: connection(frames), expectation: 'refused', isHttp2: true };
    },
  },
];
