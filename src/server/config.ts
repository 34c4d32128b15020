import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { nearestName } from '../base/nearest-name.ts';
import type { ConfigOption, ParseContext } from './config-option.ts';
import { CONFIG_FILE_OPTION, CONFIG_OPTIONS, type Config } from './config-options.ts';
import { quote, ValueError } from './config-values.ts';
import { isLoopback } from './self-call.ts';

/** Everything that is wrong with a configuration, all at once; each problem says where it is and what would be right. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface ConfigSources {
  /** Flags by name without dashes; arrays for repeatable ones. */
  readonly flags: Readonly<Record<string, string | readonly string[]>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths of flags and variables count from. */
  readonly folder: string;
  readonly resolveService: ParseContext['resolveService'];
  readonly nearestService: ParseContext['nearestService'];
}

/** Where a value was given: for messages. */
interface Given {
  readonly texts: readonly string[];
  readonly where: string;
  readonly baseFolder: string;
}

type GivenValues = Map<string, readonly Given[]>;

/** Variables of ours that are not options: they hold what may not stand on a command line. */
const OTHER_VARIABLES = ['OPENTRAIL_ROOT_ACCESS_KEY_ID', 'OPENTRAIL_ROOT_SECRET_ACCESS_KEY'];

/**
 * Variables that Kubernetes puts into every container for a Service called `opentrail`:
 * `OPENTRAIL_SERVICE_HOST`, `OPENTRAIL_PORT_4610_TCP_ADDR`; also those of tests.
 */
const FOREIGN_VARIABLE = /^OPENTRAIL_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP)|TEST_)/;

const entries = Object.entries(CONFIG_OPTIONS) as [keyof Config, ConfigOption<unknown>][];

/** `journal-max-bytes` → `OPENTRAIL_JOURNAL_MAX_BYTES`. */
export function environmentName(flag: string): string {
  return `OPENTRAIL_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/**
 * Flags beat the environment, which beats the file, which beats the defaults; a repeatable option is taken whole from the
 * first of these that has it. Frozen.
 *
 * Throws a `ConfigError` that names every problem.
 */
export function loadConfig(sources: ConfigSources): Config {
  const problems: string[] = [];
  const given = collect(sources, problems);
  const config: Record<string, unknown> = {};
  const context = (baseFolder: string): ParseContext => ({
    baseFolder,
    resolveService: sources.resolveService,
    nearestService: sources.nearestService,
  });
  for (const [key, option] of entries) {
    const fallback = {
      texts: option.default === undefined ? [] : [option.default],
      where: `--${option.flag}`,
      baseFolder: sources.folder,
    };
    // A value that a later one beats is checked as well: it comes into force on the day the other goes.
    for (const value of given.get(option.flag) ?? [fallback]) {
      attempt(problems, value.where, () => {
        config[key] = option.parse(value.texts, context(value.baseFolder));
      });
    }
  }
  if (problems.length === 0) checkTogether(config as Config, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config) as Config;
}

function checkTogether(config: Config, problems: string[]) {
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
    problems.push('--tls-cert and --tls-key belong together: give both or none');
  }
  if (config.tlsClientCa !== undefined && config.tlsCert === undefined) {
    problems.push(
      '--tls-client-ca needs --tls-cert and --tls-key: clients present certificates over TLS only',
    );
  }
  if (config.auth === 'off' && !isLoopback(config.host)) {
    problems.push(`--auth off is for the loopback address alone: use --host 127.0.0.1, not ${config.host}`);
  }
  if (config.metricsPort !== 0 && config.metricsPort === config.port) {
    problems.push(`--metrics-port ${config.metricsPort} is the port that the server itself listens on`);
  }
}

/** The values of each option, the strongest last. */
function collect(sources: ConfigSources, problems: string[]): GivenValues {
  const given: GivenValues = new Map();
  const file = configFile(sources);
  if (file !== undefined) attempt(problems, file, () => collectFile(file, given, problems));
  collectEnvironment(sources, given, problems);
  for (const [flag, value] of Object.entries(sources.flags)) {
    if (flag === CONFIG_FILE_OPTION.flag) continue;
    const texts = typeof value === 'string' ? [value] : value;
    add(given, flag, { texts, where: `--${flag}`, baseFolder: sources.folder });
  }
  return given;
}

function add(given: GivenValues, flag: string, value: Given) {
  given.set(flag, [...(given.get(flag) ?? []), value]);
}

function configFile({ flags, environment, folder }: ConfigSources): string | undefined {
  const flag = flags[CONFIG_FILE_OPTION.flag];
  const text = typeof flag === 'string' ? flag : environment[environmentName(CONFIG_FILE_OPTION.flag)];
  return text === undefined || text === '' ? undefined : resolve(folder, text);
}

function collectFile(path: string, given: GivenValues, problems: string[]) {
  const parsed = parseFile(path);
  for (const [key, value] of Object.entries(parsed)) {
    const option = entries.find(([, candidate]) => candidate.flag === key)?.[1];
    if (option === undefined) {
      problems.push(`${path}: unknown key ${quote(key)}${suggest(key)}`);
      continue;
    }
    const texts = Array.isArray(value) && option.isRepeatable ? value : [value];
    const wrong = texts.find((text) => typeof text !== 'string' && typeof text !== 'number');
    if (wrong !== undefined) {
      const expected = option.isRepeatable ? 'a list of texts' : 'a text or a number';
      problems.push(`${path}: ${key}: ${quote(JSON.stringify(wrong))} is not ${expected}`);
      continue;
    }
    add(given, key, { texts: texts.map(String), where: `${path}: ${key}`, baseFolder: dirname(path) });
  }
}

function parseFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ValueError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ValueError(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ValueError('is not a JSON object of option names and values');
  }
  return { ...parsed };
}

function collectEnvironment(sources: ConfigSources, given: GivenValues, problems: string[]) {
  const options = new Map(entries.map(([, option]) => [environmentName(option.flag), option]));
  const names = [...options.keys(), environmentName(CONFIG_FILE_OPTION.flag), ...OTHER_VARIABLES];
  for (const [name, value] of Object.entries(sources.environment)) {
    if (!name.startsWith('OPENTRAIL_') || value === undefined || value === '') continue;
    const option = options.get(name);
    if (option !== undefined) {
      const texts = option.isRepeatable ? splitList(value) : [value];
      add(given, option.flag, { texts, where: name, baseFolder: sources.folder });
    } else if (!names.includes(name) && !FOREIGN_VARIABLE.test(name)) {
      const nearest = nearestName(name, names);
      problems.push(`unknown variable ${name}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`);
    }
  }
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function suggest(key: string): string {
  const nearest = nearestName(
    key,
    entries.map(([, option]) => option.flag),
  );
  return nearest === undefined ? '' : `; did you mean ${quote(nearest)}?`;
}

function attempt(problems: string[], where: string, action: () => void) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    problems.push(`${where}: ${error.message}`);
  }
}
