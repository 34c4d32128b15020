import type { Config } from './config-options.ts';
import type { RootCredentials } from './root-credentials.ts';

export interface ReadyFacts {
  readonly url: string;
  readonly metricsUrl: string | undefined;
  readonly root: RootCredentials;
  readonly credentialsPath: string;
  readonly masterKeyPath: string;
  readonly config: Config;
}

/** What the server prints when it takes calls: a new key once, the ready line, and three calls that can be pasted. */
export function readyText(facts: ReadyFacts): string {
  const { url, metricsUrl, config } = facts;
  const metrics = metricsUrl === undefined ? [] : [`metrics on ${metricsUrl}`];
  return [
    `opentrail ready on ${url}`,
    ...metrics,
    '',
    ...credentialLines(facts),
    '',
    ...callLines(config),
    '',
    '',
  ].join('\n');
}

function credentialLines({ url, root, credentialsPath, masterKeyPath, config }: ReadyFacts): string[] {
  if (config.auth === 'off') {
    return [
      `AUTHENTICATION IS OFF: every key is taken for the root of account ${config.account}. For tests only.`,
      'In another terminal, paste:',
      '',
      '  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any',
      `  export AWS_REGION=${config.region} AWS_DEFAULT_REGION=${config.region}`,
      `  export AWS_ENDPOINT_URL=${reachableUrl(url)}`,
    ];
  }
  const exports = [
    `  export AWS_REGION=${config.region}`,
    `  export AWS_DEFAULT_REGION=${config.region}`,
    `  export AWS_ENDPOINT_URL=${reachableUrl(url)}`,
  ];
  if (root.origin === 'made') {
    return [
      `The root key of account ${config.account} was made and is shown this once (kept in ${credentialsPath}).`,
      'In another terminal, paste:',
      '',
      `  export AWS_ACCESS_KEY_ID=${root.accessKeyId}`,
      `  export AWS_SECRET_ACCESS_KEY=${root.secretAccessKey}`,
      ...exports,
      '',
      `Secrets in the catalog are encrypted with the master key in ${masterKeyPath}.`,
      'Keep a copy of it away from this machine: without it every access key has to be made anew.',
    ];
  }
  const place =
    root.origin === 'file'
      ? `is in ${credentialsPath}`
      : 'is the one of OPENTRAIL_ROOT_ACCESS_KEY_ID and OPENTRAIL_ROOT_SECRET_ACCESS_KEY';
  return [
    `The root key of account ${config.account} ${place}.`,
    'In another terminal, export it as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and paste:',
    '',
    ...exports,
  ];
}

function callLines(config: Config): string[] {
  const service = config.upstreams.find(({ service }) =>
    ['*', 'sts', 's3', 'iam'].includes(service),
  )?.service;
  const forwarded: Readonly<Record<string, string>> = {
    '*': 'aws sts get-caller-identity',
    sts: 'aws sts get-caller-identity',
    s3: 'aws s3api list-buckets',
    iam: 'aws iam list-users',
  };
  const first = service === undefined ? undefined : forwarded[service];
  return [
    'The first three calls:',
    '',
    first === undefined
      ? '  ./opentrail status                             # how recording is; recorded, like every call'
      : `  ${first.padEnd(46)} # forwarded, answered by the upstream, recorded`,
    '  aws cloudtrail lookup-events --max-items 5     # the newest management events, that call among them',
    '  ./opentrail tail                               # every call as it happens',
  ];
}

/** A client cannot call the address that means all addresses. */
function reachableUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
