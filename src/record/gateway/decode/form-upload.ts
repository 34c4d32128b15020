import type { CapturedBody } from '../../../model/captured-call.ts';

/** Fields of a form upload that come before its file; `undefined` when the body is not such a form. */
export function formUploadFields(
  contentType: string | undefined,
  body: CapturedBody,
): ReadonlyMap<string, string> | undefined {
  const boundary = /boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType ?? '');
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return undefined;
  const wire = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength);
  const fields = new Map<string, string>();
  const delimiter = Buffer.from(`--${mark}`);
  let at = wire.indexOf(delimiter);
  while (at >= 0 && fields.size < FIELDS_MAX) {
    const headStart = at + delimiter.length + 2;
    const headEnd = wire.indexOf('\r\n\r\n', headStart);
    if (headEnd < 0) break;
    const name = /\bname="([^"]*)"/i.exec(wire.toString('utf8', headStart, headEnd))?.[1];
    at = wire.indexOf(delimiter, headEnd);
    // A field that was cut off is not known, and behind the file nothing counts.
    if (name === undefined || at < 0 || name.toLowerCase() === 'file') break;
    fields.set(name, wire.toString('utf8', headEnd + 4, Math.max(headEnd + 4, at - 2)));
  }
  return fields;
}

/** S3 takes fewer. */
const FIELDS_MAX = 100;
