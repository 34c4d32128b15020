import net from 'node:net';
import type { Attack } from './attack.ts';

/** Longest that a connection may stay open; the server's own bounds are far below. */
const OPEN_MS_MAX = 8_000;
/** HTTP/2 connections stay open by design: this long without a byte ends them. */
const HTTP2_QUIET_MS = 60;
const PIECE_PAUSE_MS = 80;
const CUT_AFTER_MS = 15;

export interface AttackAnswer {
  /** What came back, one byte a character. */
  readonly text: string;
  /** The server left the connection open for longer than any of its bounds. */
  readonly isHung: boolean;
}

/** Sends one attack on a connection of its own and waits for the end of that connection. */
export function sendAttack(port: number, attack: Attack): Promise<AttackAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let isHung = false;
    let quiet: NodeJS.Timeout | undefined;
    const socket = net.connect({ port, host: '127.0.0.1' });
    const bound = setTimeout(() => {
      isHung = true;
      socket.destroy();
    }, OPEN_MS_MAX);
    const wait = (ms: number): void => {
      clearTimeout(quiet);
      quiet = setTimeout(() => socket.destroy(), ms);
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (attack.isHttp2 === true) wait(HTTP2_QUIET_MS);
    });
    socket.on('close', () => {
      clearTimeout(bound);
      clearTimeout(quiet);
      resolve({ text: Buffer.concat(chunks).toString('latin1'), isHung });
    });
    socket.on('connect', () => {
      void send(socket, attack).then(() => {
        if (attack.isCut === true) wait(CUT_AFTER_MS);
        else if (attack.isHttp2 === true) wait(HTTP2_QUIET_MS * 3);
      });
    });
  });
}

async function send(socket: net.Socket, attack: Attack): Promise<void> {
  const pieces = attack.piecesCount ?? 1;
  const size = Math.ceil(attack.bytes.length / pieces);
  for (let at = 0; at < attack.bytes.length && !socket.destroyed; at += size) {
    socket.write(attack.bytes.slice(at, at + size), 'latin1');
    if (pieces > 1) await new Promise((resolve) => setTimeout(resolve, PIECE_PAUSE_MS));
  }
}
