import { nearestServiceName, resolveServiceName } from '../record/gateway/recognise/service-names.ts';
import { type ConfigSources, loadConfig } from './config.ts';
import type { Config } from './config-options.ts';

/** The configuration of a server, with the names of services that the gateway knows. Throws a `ConfigError`. */
export function loadServerConfig(sources: Omit<ConfigSources, 'resolveService' | 'nearestService'>): Config {
  return loadConfig({ ...sources, resolveService: resolveServiceName, nearestService: nearestServiceName });
}
