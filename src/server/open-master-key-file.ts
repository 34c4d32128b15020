import { type KeyWrapper, MasterKeyFile } from '../identity/secrets/master-key-file.ts';
import { ConfigError } from './config.ts';
import type { Config } from './config-options.ts';
import type { DataPaths } from './data-directory.ts';
import { createKmsKeyWrapper } from './kms-key-wrapper.ts';

/** Where the master key is kept, and by what it is encrypted there. Throws a `ConfigError` for a KMS without an endpoint. */
export function openMasterKeyFile(facts: {
  readonly config: Config;
  readonly paths: DataPaths;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): MasterKeyFile {
  return new MasterKeyFile(facts.config.masterKeyFile ?? facts.paths.masterKey, wrapperOf(facts));
}

function wrapperOf({
  config,
  environment,
}: Omit<Parameters<typeof openMasterKeyFile>[0], 'paths'>): KeyWrapper | undefined {
  const { masterKeyKms: keyId, region } = config;
  if (keyId === undefined) return undefined;
  const endpoint = environment.AWS_ENDPOINT_URL_KMS ?? '';
  // Never taken from AWS_ENDPOINT_URL: that is this server itself, for the clients of this machine.
  if (endpoint === '') {
    throw new ConfigError(['--master-key-kms: AWS_ENDPOINT_URL_KMS is missing: the endpoint of the KMS']);
  }
  return createKmsKeyWrapper({ keyId, endpoint, region });
}
