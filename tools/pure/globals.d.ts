// The few host globals that `base` and `model` may name; everything else of the host is absent there by design.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}
declare class TextEncoder {
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
declare class URL {
  constructor(url: string, base?: string);
  readonly href: string;
  readonly hostname: string;
}
