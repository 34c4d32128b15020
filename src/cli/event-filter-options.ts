import { type Command, InvalidArgumentError, Option } from 'commander';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import type { ConnectionOptions } from './client/connect.ts';
import { parseTimeArgument, resolveTime, type TimeArgument } from './time-argument.ts';

/** The filters that `lookup` and `tail` share. */
export interface EventFilterOptions extends ConnectionOptions {
  readonly attribute: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[];
  readonly since?: TimeArgument;
  readonly until?: TimeArgument;
  readonly allRegions?: boolean;
  readonly allAccounts?: boolean;
  readonly account: readonly string[];
  readonly organization?: boolean;
  readonly text?: string;
  readonly errorsOnly?: boolean;
  readonly readOnly?: boolean;
  readonly category: readonly string[];
  readonly origin?: 'live' | 'import';
}

const CATEGORIES: Readonly<Record<string, string>> = {
  management: 'Management',
  data: 'Data',
  networkactivity: 'NetworkActivity',
  insight: 'Insight',
  aggregated: 'Aggregated',
};

export function addFilterOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--attribute <name=value>',
        'only events with that attribute, such as EventName=CreateUser; repeatable, all hold together',
      )
        .argParser(collectAttribute)
        .default([], 'any'),
    )
    .option('--since <time>', 'not older: 2h, 7d, or an ISO time', parseTimeArgument)
    .option('--until <time>', 'not younger: the same forms', parseTimeArgument)
    .option('--all-regions', 'of every Region, not only the one of the call')
    .option('--all-accounts', "of every account; for the installation's own account only")
    .addOption(
      new Option('--account <id>', "of that account of the caller's organization; repeatable")
        .argParser(collectAccount)
        .default([], "the caller's own")
        .conflicts('allAccounts'),
    )
    .addOption(
      new Option(
        '--organization',
        "of every account of the caller's organization; for who manages it",
      ).conflicts(['account', 'allAccounts']),
    )
    .option('--text <text>', 'with that text anywhere in the event, upper and lower case alike')
    .option('--errors-only', 'only calls that failed')
    .option('--read-only', 'only calls that change nothing')
    .option('--no-read-only', 'only calls that may change something')
    .addOption(
      new Option('--category <name>', 'management, data, network-activity, insight or aggregated; repeatable')
        .argParser(collectCategory)
        .default([], 'all'),
    )
    .addOption(new Option('--origin <origin>', 'recorded here or imported').choices(['live', 'import']));
}

/** The members that `SearchEvents`, `CountEvents` and `TailEvents` have in common, without the times. */
export function filterInput(options: EventFilterOptions): JsonObject {
  return {
    ...(options.attribute.length === 0 ? {} : { LookupAttributes: [...options.attribute] }),
    ...(options.category.length === 0 ? {} : { EventCategories: [...options.category] }),
    ...(options.allRegions === true ? { AllRegions: true } : {}),
    ...(options.allAccounts === true ? { AllAccounts: true } : {}),
    ...accountsInput(options),
    ...(options.text === undefined ? {} : { Text: options.text }),
    ...(options.errorsOnly === true ? { IsError: true } : {}),
    ...(options.readOnly === undefined ? {} : { IsReadOnly: options.readOnly }),
  };
}

function accountsInput({ account, organization }: EventFilterOptions): JsonObject {
  if (organization === true) return { Accounts: ['*'] };
  return account.length === 0 ? {} : { Accounts: [...account] };
}

/** The members that only stored events are filtered by: the times and the origin. */
export function storedFilterInput(options: EventFilterOptions, nowMs: number): JsonObject {
  const { since, until, origin } = options;
  return {
    ...(since === undefined ? {} : { StartTime: resolveTime(since, nowMs) / 1_000 }),
    ...(until === undefined ? {} : { EndTime: resolveTime(until, nowMs) / 1_000 }),
    ...(origin === undefined ? {} : { Origin: origin }),
  };
}

/** A whole number that is not negative; 0 means no bound. */
export function parseLimit(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give a whole number; 0 means all');
}

function collectAttribute(
  text: string,
  known: EventFilterOptions['attribute'],
): EventFilterOptions['attribute'] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('give NAME=VALUE, such as EventName=CreateUser');
  return [...known, { AttributeKey: text.slice(0, equals), AttributeValue: text.slice(equals + 1) }];
}

function collectAccount(text: string, known: readonly string[]): readonly string[] {
  if (/^\d{12}$/.test(text)) return [...known, text];
  throw new InvalidArgumentError('give the 12 digits of an account id');
}

function collectCategory(text: string, known: readonly string[]): readonly string[] {
  const category = CATEGORIES[text.toLowerCase().replaceAll(/[-_ ]/g, '')];
  if (category !== undefined) return [...known, category];
  throw new InvalidArgumentError('give management, data, network-activity, insight or aggregated');
}
