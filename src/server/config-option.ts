import {
  type Bounds,
  formatDuration,
  formatSize,
  parseChoice,
  parseDuration,
  parseInteger,
  parsePath,
  parsePattern,
  parseSize,
  ValueError,
} from './config-values.ts';

export type OptionGroup = 'Server' | 'Account' | 'Gateway' | 'TLS' | 'Storage' | 'Behaviour' | 'Limits';

/** What the reading of a value may depend on besides its text. */
export interface ParseContext {
  /** Folder that relative paths count from: the caller's, or that of the configuration file. */
  readonly baseFolder: string;
  /** Canonical signing name of a service (`monitoring` for `cloudwatch`), or undefined when no such service is known. */
  resolveService(name: string): string | undefined;
  /** What was probably meant by a name that is no service. */
  nearestService(name: string): string | undefined;
}

/** One option: flag, environment variable and key of the file at once. */
export interface ConfigOption<T> {
  /** Name of the flag and key of the file, `journal-max-bytes`. */
  readonly flag: string;
  readonly group: OptionGroup;
  /** What stands for the value in the help, `SIZE`. */
  readonly placeholder: string;
  /** As a user would write it; undefined where nothing is set unless it is given. */
  readonly default: string | undefined;
  /** Which values are allowed, in words. */
  readonly bounds: string;
  readonly isRepeatable: boolean;
  /** One sentence. */
  readonly doc: string;
  /** Throws a `ValueError`. Options that are not repeatable get exactly one text, or none without a default. */
  parse(texts: readonly string[], context: ParseContext): T;
}

type Described = Pick<ConfigOption<unknown>, 'flag' | 'group' | 'doc'> & { readonly default: string };
type DescribedBounded = Described & Bounds;

const single = <T>(
  described: Omit<Described, 'default'> & { default: string | undefined },
  form: { readonly placeholder: string; readonly bounds: string },
  parse: (text: string, context: ParseContext) => T,
): ConfigOption<T> => ({
  flag: described.flag,
  group: described.group,
  doc: described.doc,
  default: described.default,
  placeholder: form.placeholder,
  bounds: form.bounds,
  isRepeatable: false,
  parse: ([text], context) => {
    if (text === undefined) throw new ValueError('a value is needed');
    return parse(text, context);
  },
});

export function duration(described: DescribedBounded): ConfigOption<number> {
  const bounds = `${formatDuration(described.min)} to ${formatDuration(described.max)}`;
  return single(described, { placeholder: 'DURATION', bounds }, (text) => parseDuration(text, described));
}

/** A time for which something is kept; `forever` is allowed. */
export function retention(described: DescribedBounded): ConfigOption<number | 'forever'> {
  const bounds = `forever, or ${formatDuration(described.min)} to ${formatDuration(described.max)}`;
  return single(described, { placeholder: 'DURATION', bounds }, (text) =>
    text === 'forever' ? text : parseDuration(text, described),
  );
}

export function size(described: DescribedBounded): ConfigOption<number> {
  const bounds = `${formatSize(described.min)} to ${formatSize(described.max)}`;
  return single(described, { placeholder: 'SIZE', bounds }, (text) => parseSize(text, described));
}

export function integer(described: DescribedBounded): ConfigOption<number> {
  const bounds = `${described.min} to ${described.max}`;
  return single(described, { placeholder: 'NUMBER', bounds }, (text) => parseInteger(text, described));
}

export function choice<const T extends string>(
  described: Described & { readonly choices: readonly T[] },
): ConfigOption<T> {
  const bounds = described.choices.join(', ');
  return single(described, { placeholder: described.choices.join('|'), bounds }, (text) =>
    parseChoice(text, described.choices),
  );
}

export function pattern(
  described: Described & { readonly placeholder: string; readonly pattern: RegExp; readonly bounds: string },
): ConfigOption<string> {
  return single(described, described, (text) => parsePattern(text, described.pattern, described.bounds));
}

export function path(described: Described): ConfigOption<string> {
  return single(described, { placeholder: 'PATH', bounds: 'any path' }, (text, context) =>
    parsePath(text, context.baseFolder),
  );
}

export function optionalPattern(
  described: Omit<Parameters<typeof pattern>[0], 'default'>,
): ConfigOption<string | undefined> {
  const option = pattern({ ...described, default: '' });
  return {
    ...option,
    default: undefined,
    parse: (texts, context) => (texts.length === 0 ? undefined : option.parse(texts, context)),
  };
}

export function optionalPath(described: Omit<Described, 'default'>): ConfigOption<string | undefined> {
  const option = path({ ...described, default: '' });
  return {
    ...option,
    default: undefined,
    parse: (texts, context) => (texts.length === 0 ? undefined : option.parse(texts, context)),
  };
}

export function list<T>(
  described: Omit<Described, 'default'> & {
    readonly placeholder: string;
    readonly bounds: string;
    /** The item, and a key that may not come twice with different values. */
    readonly item: (text: string, context: ParseContext) => { readonly key: string; readonly value: T };
  },
): ConfigOption<readonly T[]> {
  const { flag, group, doc, placeholder, bounds, item } = described;
  return {
    flag,
    group,
    doc,
    placeholder,
    bounds,
    default: undefined,
    isRepeatable: true,
    parse(texts, context) {
      const items = new Map<string, { text: string; value: T }>();
      for (const text of texts) {
        const { key, value } = item(text, context);
        const known = items.get(key);
        if (known !== undefined && known.text !== text) {
          throw new ValueError(`${key} is given twice: ${known.text} and ${text}`);
        }
        items.set(key, { text, value });
      }
      return Object.freeze([...items.values()].map(({ value }) => value));
    },
  };
}
