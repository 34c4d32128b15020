/** The settings that the commands take from the environment, as the AWS tools do. */
export interface CliEnvironment {
  /** `AWS_ENDPOINT_URL_CLOUDTRAIL`, else `AWS_ENDPOINT_URL`. */
  readonly endpointUrl: string | undefined;
  /** `NO_COLOR` is set (https://no-color.org): no colours even on a terminal. */
  readonly isColourless: boolean;
  /** `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`: where `import s3://…` reads; real AWS when neither is set. */
  readonly s3EndpointUrl: string | undefined;
  /** `AWS_CA_BUNDLE`: a PEM file of the authorities to trust instead of the usual ones. */
  readonly caBundle: string | undefined;
}

export function readEnvironment(): CliEnvironment {
  const { env } = process;
  const first = (...values: (string | undefined)[]) =>
    values.find((value) => value !== undefined && value !== '');
  return {
    endpointUrl: first(env.AWS_ENDPOINT_URL_CLOUDTRAIL, env.AWS_ENDPOINT_URL),
    isColourless: first(env.NO_COLOR) !== undefined || env.TERM === 'dumb',
    s3EndpointUrl: first(env.AWS_ENDPOINT_URL_S3, env.AWS_ENDPOINT_URL),
    caBundle: first(env.AWS_CA_BUNDLE),
  };
}
