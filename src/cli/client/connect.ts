import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { loadConfig } from '@smithy/node-config-provider';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { type Command, InvalidArgumentError } from 'commander';
import { REGION_NAME } from '../../model/region-name.ts';
import { CliError } from './cli-error.ts';
import type { CliEnvironment } from './environment.ts';
import { type ClientOptions, OpenTrailClient } from './open-trail-client.ts';

/** Options of every command that is a client of a running server. */
export interface ConnectionOptions {
  readonly endpointUrl?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

const DEFAULT_ENDPOINT_URL = 'http://127.0.0.1:4610';
const DEFAULT_REGION = 'us-east-1';

export function addConnectionOptions(command: Command): Command {
  return command
    .option(
      '--endpoint-url <url>',
      `the server (AWS_ENDPOINT_URL_CLOUDTRAIL, AWS_ENDPOINT_URL; ${DEFAULT_ENDPOINT_URL})`,
    )
    .option(
      '--region <region>',
      `Region of the call (AWS_REGION, the profile's; ${DEFAULT_REGION})`,
      parseRegion,
    )
    .option('--profile <name>', 'profile of the AWS configuration files')
    .option('--client-cert <file>', 'certificate in PEM for a server that asks for one (--tls-client-ca)')
    .option('--client-key <file>', 'private key in PEM that belongs to it');
}

/** A client of the named server with the credentials and the Region of the standard chain. */
export async function connect(
  options: ConnectionOptions,
  environment: CliEnvironment,
): Promise<OpenTrailClient> {
  return new OpenTrailClient({
    endpointUrl: parseEndpoint(options.endpointUrl ?? environment.endpointUrl ?? DEFAULT_ENDPOINT_URL),
    region: await resolveRegion(options),
    credentials: explained(defaultProvider(profileOf(options))),
    ...(environment.caBundle === undefined
      ? {}
      : { authorities: readPem(environment.caBundle, 'the file that AWS_CA_BUNDLE names') }),
    ...clientCertificate(options),
  });
}

function clientCertificate({ clientCert, clientKey }: ConnectionOptions): Pick<ClientOptions, 'certificate'> {
  if (clientCert === undefined && clientKey === undefined) return {};
  if (clientCert === undefined || clientKey === undefined) {
    throw new CliError('give --client-cert and --client-key both, or none', { exitCode: 2 });
  }
  const [cert, key] = [readPem(clientCert, '--client-cert'), readPem(clientKey, '--client-key')];
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`--client-cert and --client-key cannot be used: ${reason}`, { exitCode: 2, cause });
  }
  return { certificate: { cert, key } };
}

/** Like the AWS tools: the flag, `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`, else us-east-1. */
export async function resolveRegion(options: ConnectionOptions): Promise<string> {
  if (options.region !== undefined) return options.region;
  const load = loadConfig<string>(
    {
      environmentVariableSelector: (env) => env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined,
      configFileSelector: (profile) => profile.region,
      default: DEFAULT_REGION,
    },
    profileOf(options),
  );
  return load();
}

function profileOf({ profile }: ConnectionOptions): { profile?: string } {
  return profile === undefined ? {} : { profile };
}

function readPem(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`${name} cannot be read: ${reason}`, { exitCode: 2, cause });
  }
}

function parseRegion(text: string): string {
  if (REGION_NAME.test(text)) return text;
  throw new InvalidArgumentError('give a Region like us-east-1');
}

function parseEndpoint(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  }
  throw new CliError(`--endpoint-url must be an http:// or https:// URL, not '${text}'`, { exitCode: 2 });
}

/** Says what to do where the chain found nothing; its own message lists what it tried. */
function explained(provider: AwsCredentialIdentityProvider): AwsCredentialIdentityProvider {
  return async (properties) => {
    try {
      return await provider(properties);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CliError(
        `no credentials: paste the two 'export AWS_…' lines that the server printed at its first start, ` +
          `or choose a profile with --profile (${reason})`,
        { cause },
      );
    }
  };
}
