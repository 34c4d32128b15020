import { compactJson, hasLineControls } from './compact-json.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LF = 0x0a;

// "Records", with its quotes
const RECORDS_KEY = [0x22, 0x52, 0x65, 0x63, 0x6f, 0x72, 0x64, 0x73, 0x22];
const UTF8_MARK = [0xef, 0xbb, 0xbf];

/** Where the records of a file go. */
export interface RecordSink {
  /** A record exactly as it stands in the file, on one line; the bytes are valid only during the call. */
  record(bytes: Uint8Array): void;
  /**
   * May take the object that begins at `start` itself, and then gives where it ends: because it parsed up to there, which
   * counting brackets would have found too, at several times the cost. No line control stands in the bytes.
   */
  take?(bytes: Uint8Array, start: number): number | undefined;
  /** Something that is no record, or one that cannot be cut out, with the reason. */
  refuse(reason: string): void;
}

/**
 * `outside`: before, between or after the values of the file. `wrapper`: in an object of which it is not known yet whether
 * it holds `Records` or is itself an event. `list`: between the elements of a list of records. `element`: in one of them.
 * `lineRest`: skipping to the end of a line that is not JSON. `dead`: the file is nothing that can be read.
 */
type Place = 'outside' | 'wrapper' | 'list' | 'element' | 'lineRest' | 'dead';

/**
 * Cuts the records out of log files without parsing them: `{"Records":[…]}` as AWS writes it, lists, one event, or one event
 * per line. It only counts brackets outside of strings, so what it gives still has to be checked as JSON.
 *
 * It takes the file in pieces and keeps of it no more than one record.
 */
export class RecordScanner {
  readonly #sink: RecordSink;
  readonly #recordBytesMax: number;
  /** The file's first bytes, until there are enough of them to tell what it is. */
  #head: Uint8Array | undefined = new Uint8Array(0);
  /** What is looked at: the kept start of a record, then the newest piece. */
  #bytes: Uint8Array = new Uint8Array(0);
  /** Whether any of it would break a line in two; AWS's own files have not a single such byte. */
  #hasLineControls = false;
  #at = 0;
  /** Where the current record began, or -1 when it is not kept. */
  #start = -1;
  #place: Place = 'outside';
  #depth = 0;
  #isInString = false;
  #isTooLarge = false;
  /** Where the newest string at the first level of a wrapper began. */
  #keyStart = -1;
  #isInWrapper = false;
  #hasWrapperRecords = false;
  #valuesCount = 0;

  constructor(sink: RecordSink, recordBytesMax: number) {
    this.#sink = sink;
    this.#recordBytesMax = recordBytesMax;
  }

  push(piece: Uint8Array): void {
    if (this.#head === undefined) {
      this.#scan(piece);
      return;
    }
    const head = this.#head.length === 0 ? piece : joined(this.#head, piece);
    this.#head = head;
    if (head.length >= UTF8_MARK.length) this.#begin(head);
  }

  end(): void {
    if (this.#head !== undefined) this.#begin(this.#head);
    if (this.#place === 'element' || (this.#place === 'wrapper' && !this.#hasWrapperRecords)) {
      this.#sink.refuse('the file ends within a record: it is cut off');
    } else if (this.#place === 'list' || this.#place === 'wrapper') {
      this.#sink.refuse('the file ends before its list of records: it is cut off');
    } else if (this.#valuesCount === 0 && this.#place === 'outside') {
      this.#sink.refuse('the file is empty');
    }
    this.#place = 'dead';
  }

  /** The first bytes tell what cannot be read at all. */
  #begin(head: Uint8Array) {
    this.#head = undefined;
    const [first, second] = head;
    if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
      this.#die('is UTF-16 text; records are UTF-8');
    }
    this.#scan(startsWith(head, UTF8_MARK) ? head.subarray(3) : head);
  }

  #scan(piece: Uint8Array) {
    if (this.#place === 'dead' || piece.length === 0) return;
    this.#join(piece);
    while (this.#step());
    this.#forget();
  }

  #join(piece: Uint8Array) {
    if (this.#start < 0) {
      this.#keyStart = -1;
      // Nothing of the earlier pieces is needed; an escape at their end may have consumed the first byte of this one.
      this.#at -= this.#bytes.length;
      this.#bytes = piece;
      this.#hasLineControls = hasLineControls(piece);
      return;
    }
    this.#hasLineControls ||= hasLineControls(piece);
    this.#bytes = joined(this.#bytes.subarray(this.#start), piece);
    this.#at -= this.#start;
    this.#keyStart -= this.#start;
    this.#start = 0;
  }

  /** Gives up what grew too large, so that memory stays bounded however long a line is. */
  #forget() {
    if (this.#start >= 0 && this.#bytes.length - this.#start > this.#recordBytesMax) {
      this.#isTooLarge = true;
      this.#start = -1;
    }
  }

  #die(reason: string): false {
    this.#sink.refuse(reason);
    this.#place = 'dead';
    return false;
  }

  /** One move; false when the piece is used up. */
  #step(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    switch (this.#place) {
      case 'outside':
        return this.#outside();
      case 'wrapper':
        return this.#wrapper();
      case 'list':
        return this.#list();
      case 'element':
        return this.#element();
      case 'lineRest':
        return this.#lineRest();
      case 'dead':
        return false;
    }
  }

  #outside(): boolean {
    this.#skipBlanks();
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return false;
    if (byte === OPEN_OBJECT) {
      this.#open('wrapper');
      this.#isInWrapper = true;
      this.#hasWrapperRecords = false;
      this.#keyStart = -1;
    } else if (byte === OPEN_LIST) {
      this.#valuesCount++;
      this.#isInWrapper = false;
      this.#place = 'list';
      this.#at++;
    } else if (this.#valuesCount === 0) {
      return this.#die(`is not JSON: it begins with byte 0x${byte.toString(16).padStart(2, '0')}`);
    } else {
      this.#sink.refuse('a line that is not a JSON object');
      this.#place = 'lineRest';
    }
    return true;
  }

  #lineRest(): boolean {
    const end = this.#bytes.indexOf(LF, this.#at);
    this.#at = end < 0 ? this.#bytes.length : end + 1;
    if (end >= 0) this.#place = 'outside';
    return end >= 0;
  }

  /** In an object at the first level: its strings are looked at, and the list behind `"Records"` is entered. */
  #wrapper(): boolean {
    if (this.#depth > 1 || this.#isInString) {
      const outcome = this.#run(1, true);
      if (outcome === 'broken') return this.#breakLine();
      return outcome === 'done';
    }
    const bytes = this.#bytes;
    const byte = bytes[this.#at++];
    if (byte === QUOTE) {
      this.#keyStart = this.#at - 1;
      this.#isInString = true;
    } else if (byte === OPEN_LIST && this.#isAfterRecordsKey()) {
      this.#hasWrapperRecords = true;
      this.#valuesCount++;
      this.#start = -1;
      this.#isTooLarge = false;
      this.#place = 'list';
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (byte === OPEN_OBJECT && this.#isNewLine()) return this.#breakLine();
      this.#depth++;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      this.#depth = 0;
      this.#place = 'outside';
      if (this.#hasWrapperRecords) this.#start = -1;
      else this.#emit();
    }
    return true;
  }

  #list(): boolean {
    while (this.#bytes[this.#at] === COMMA || isBlank(this.#bytes[this.#at])) this.#at++;
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return false;
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      const end = this.#hasLineControls ? undefined : this.#sink.take?.(this.#bytes, this.#at);
      if (end === undefined) this.#open('element');
      else this.#passTo(end);
    } else if (byte === CLOSE_LIST) {
      this.#at++;
      this.#depth = 1;
      // The rest of a wrapper is kept, because a second list may follow its own key.
      this.#start = this.#isInWrapper ? this.#at : -1;
      this.#place = this.#isInWrapper ? 'wrapper' : 'outside';
    } else {
      return this.#die(
        'holds something in its list of records that is not an object; the rest of the file is left out',
      );
    }
    return true;
  }

  #passTo(end: number) {
    this.#valuesCount++;
    this.#at = end;
  }

  #element(): boolean {
    if (this.#run(0, false) !== 'done') return false;
    this.#place = 'list';
    this.#emit();
    return true;
  }

  #open(place: Place) {
    this.#place = place;
    this.#start = this.#at++;
    this.#depth = 1;
    this.#isInString = false;
    this.#isTooLarge = false;
  }

  #emit() {
    this.#valuesCount++;
    const record = this.#start < 0 ? undefined : this.#bytes.subarray(this.#start, this.#at);
    this.#start = -1;
    if (record === undefined || this.#isTooLarge || record.length > this.#recordBytesMax) {
      this.#sink.refuse(`over ${this.#recordBytesMax} bytes`);
      return;
    }
    const line = this.#hasLineControls && hasLineControls(record) ? compactJson(record) : record;
    if (line === undefined) this.#sink.refuse('not valid JSON: a literal control character within a string');
    else this.#sink.record(line);
  }

  /**
   * The inner loop: runs to the bracket that closes `depth`, or to the end of the piece. In files with a record per line,
   * `broken` tells that a line ended within a string, or that a new object began where none can.
   */
  #run(depthTarget: number, isLined: boolean): 'done' | 'more' | 'broken' {
    const bytes = this.#bytes;
    const length = bytes.length;
    let at = this.#at;
    let depth = this.#depth;
    let isInString = this.#isInString;
    let outcome: 'done' | 'more' | 'broken' = 'more';
    scan: while (at < length) {
      if (isInString) {
        while (at < length) {
          const byte = bytes[at++];
          if (byte === QUOTE) {
            isInString = false;
            break;
          }
          if (byte === BACKSLASH) at++;
          else if (byte === LF && isLined) {
            outcome = 'broken';
            break scan;
          }
        }
        if (depth === depthTarget && !isInString) {
          outcome = 'done';
          break;
        }
        continue;
      }
      const byte = bytes[at++];
      if (byte === QUOTE) isInString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        if (isLined && byte === OPEN_OBJECT && bytes[at - 2] === LF) {
          this.#at = at;
          if (this.#isNewLine()) {
            outcome = 'broken';
            break;
          }
        }
        depth++;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        depth--;
        if (depth === depthTarget) {
          outcome = 'done';
          break;
        }
      }
    }
    this.#at = at;
    this.#depth = depth;
    this.#isInString = isInString;
    return outcome;
  }

  /** `"Records"` and a colon stand right before the bracket that was just read. */
  #isAfterRecordsKey(): boolean {
    if (this.#keyStart < 0) return false;
    const key = this.#bytes.subarray(this.#keyStart, this.#at - 1);
    if (!startsWith(key, RECORDS_KEY)) return false;
    let colons = 0;
    for (let at = RECORDS_KEY.length; at < key.length; at++) {
      if (key[at] === COLON) colons++;
      else if (!isBlank(key[at])) return false;
    }
    return colons === 1;
  }

  /** The brace that was just read begins a line after a value that was never closed: no JSON has that. */
  #isNewLine(): boolean {
    if (this.#start < 0 || this.#bytes[this.#at - 2] !== LF) return false;
    let before = this.#at - 2;
    while (before > this.#start && isBlank(this.#bytes[before])) before--;
    const byte = this.#bytes[before];
    return byte !== COLON && byte !== COMMA && byte !== OPEN_LIST;
  }

  /** The line is refused; the next one may be well. */
  #breakLine(): boolean {
    this.#sink.refuse('not valid JSON: the line ends within the record');
    this.#valuesCount++;
    if (this.#bytes[this.#at - 1] === OPEN_OBJECT) this.#at--;
    this.#start = -1;
    this.#isInString = false;
    this.#place = 'outside';
    return true;
  }

  #skipBlanks() {
    while (isBlank(this.#bytes[this.#at])) this.#at++;
  }
}

/** Pieces of one buffer that follow each other are joined without copying them. */
function joined(kept: Uint8Array, piece: Uint8Array): Uint8Array {
  const isNext = kept.buffer === piece.buffer && kept.byteOffset + kept.length === piece.byteOffset;
  if (isNext) return new Uint8Array(kept.buffer, kept.byteOffset, kept.length + piece.length);
  const bytes = new Uint8Array(kept.length + piece.length);
  bytes.set(kept);
  bytes.set(piece, kept.length);
  return bytes;
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09;
}
