import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';

/** How every HTTP/2 connection begins; no HTTP/1.1 request does. */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Tells from the first bytes of a connection which HTTP version it speaks, and puts the bytes back.
 * Calls back once; a connection that ends, breaks or stays silent for `timeoutMs` before that is closed.
 */
export function sniffProtocol(
  socket: Socket,
  options: { readonly clock: Clock; readonly timeoutMs: number },
  onKnown: (protocol: 'http1' | 'http2') => void,
): void {
  let seen: Buffer | undefined;
  const timer = options.clock.after(options.timeoutMs, () => socket.destroy());
  const give = (protocol: 'http1' | 'http2'): void => {
    stop();
    socket.pause();
    if (seen !== undefined) socket.unshift(seen);
    onKnown(protocol);
  };
  const onData = (chunk: Buffer): void => {
    seen = seen === undefined ? chunk : Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, PREFACE.length);
    if (!seen.subarray(0, length).equals(PREFACE.subarray(0, length))) give('http1');
    else if (length === PREFACE.length) give('http2');
  };
  const onGone = (): void => {
    stop();
    socket.destroy();
  };
  const stop = (): void => {
    timer.cancel();
    socket.off('data', onData).off('error', onGone).off('close', onGone).off('end', onGone);
  };
  socket.on('data', onData).on('error', onGone).on('close', onGone).on('end', onGone);
}
