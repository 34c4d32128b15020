import type { Writable } from 'node:stream';

/** Whoever read the output has gone; nothing is wrong. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

const CODES: Readonly<Record<Colour, string>> = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33' };

/** stdout or stderr: waits while the reader is slow, and tells apart a terminal from a pipe or a file. */
export class TextOutput {
  readonly isTerminal: boolean;
  readonly columns: number;
  readonly #stream: Writable;
  readonly #isColoured: boolean;
  #failure: Error | undefined;

  constructor(stream: Writable & { isTTY?: boolean; columns?: number }, isColourless: boolean) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.columns = stream.columns ?? 80;
    this.#isColoured = this.isTerminal && !isColourless;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      const isClosed = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
      this.#failure = isClosed
        ? new OutputClosed('the reader of the output has gone', { cause: error })
        : error;
    });
  }

  /** Resolves when there is room for more; rejects with `OutputClosed` when nobody reads any longer. */
  async write(text: string): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve) => this.#stream.write(text, () => resolve()));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The text in a colour where there is a terminal that shows it. */
  paint(colour: Colour, text: string): string {
    return this.#isColoured && text !== '' ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
  }
}
