import type { Colour, TextOutput } from './text-output.ts';
import { visible } from './visible-text.ts';

export interface TableColumn {
  readonly head: string;
  /** Characters kept free for what comes later; wider text moves its own line only. */
  readonly widthMin?: number;
  /** Longer text is cut, with an ellipsis. */
  readonly widthMax?: number;
  readonly colour?: Colour;
}

const GAP = '  ';
const WIDTH_MAX = 64;

/**
 * A table whose lines can be printed before all are known: the widths are those of the first rows. Every cell is made
 * visible, so that nothing in it can steer the terminal, whoever reads the pipe.
 */
export class TablePrinter {
  readonly #output: TextOutput;
  readonly #columns: readonly TableColumn[];
  #widths: number[] | undefined;

  constructor(output: TextOutput, columns: readonly TableColumn[]) {
    this.#output = output;
    this.#columns = columns;
  }

  async print(rows: readonly (readonly string[])[]): Promise<void> {
    if (rows.length === 0) return;
    const cells = rows.map((row) => this.#columns.map((column, at) => cut(visible(row[at] ?? ''), column)));
    let text = '';
    if (this.#widths === undefined) {
      this.#widths = this.#columns.map(({ head, widthMin }, at) =>
        Math.max(widthMin ?? 0, head.length, ...cells.map((row) => (row[at] ?? '').length)),
      );
      const heads = this.#columns.map(({ head }) => head);
      text += `${this.#output.paint('bold', this.#line(heads))}\n`;
    }
    for (const row of cells) text += `${this.#line(row, true)}\n`;
    await this.#output.write(text);
  }

  /** Says so when nothing was printed. */
  async end(emptyText: string): Promise<void> {
    if (this.#widths === undefined) await this.#output.write(`${emptyText}\n`);
  }

  #line(cells: readonly string[], isPainted = false): string {
    const last = cells.length - 1;
    return cells
      .map((cell, at) => {
        const padding = at === last ? '' : ' '.repeat(Math.max(0, (this.#widths?.[at] ?? 0) - cell.length));
        const colour = this.#columns[at]?.colour;
        return `${isPainted && colour !== undefined ? this.#output.paint(colour, cell) : cell}${padding}`;
      })
      .join(GAP)
      .trimEnd();
  }
}

function cut(text: string, { widthMax }: TableColumn): string {
  const max = widthMax ?? WIDTH_MAX;
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
