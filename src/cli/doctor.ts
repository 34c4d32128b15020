import type { Command } from 'commander';
import type { DoctorFinding } from '../server/doctor/finding.ts';
import { connect } from './client/connect.ts';
import { readEnvironment } from './client/environment.ts';
import { visible } from './output/visible-text.ts';

const TIMEOUT_MS = 5_000;

const MARKS: Readonly<Record<DoctorFinding['status'], string>> = {
  ok: 'ok      ',
  note: 'note    ',
  warning: 'WARNING ',
  problem: 'PROBLEM ',
};

/** `opentrail doctor`: looks at the machine, the installation and the running server, and explains. */
export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('check the installation and explain')
    .description(
      'Checks Node, the native libraries, the data folder, disk, ports, clock, the running server, its journal and ' +
        'engine, credentials and upstreams, and says what to do. Exits with 1 when something has to be done.',
    )
    .option('--data-dir <path>', 'the data folder (OPENTRAIL_DATA_DIR)')
    .option('--host <address>', 'address of the server (OPENTRAIL_HOST)')
    .option('--port <number>', 'port of the server (OPENTRAIL_PORT)')
    .option('--upstream <url...>', 'upstreams to be reached (OPENTRAIL_UPSTREAM)')
    .option('--config <file>', 'the configuration file of the server (OPENTRAIL_CONFIG)')
    .action(async (options: DoctorOptions) => {
      process.exitCode = await doctor(options);
    });
}

interface DoctorOptions {
  readonly dataDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly upstream?: readonly string[];
  readonly config?: string;
}

async function doctor(options: DoctorOptions): Promise<number> {
  const { examine } = await import('../server/doctor/examine.ts');
  const { dataDir, host, port, upstream, config } = options;
  let hasProblem = false;
  const flags = {
    ...(dataDir === undefined ? {} : { 'data-dir': dataDir }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(config === undefined ? {} : { config }),
  };
  const print = ({ status, subject, message, remedy }: DoctorFinding) => {
    if (status === 'problem') hasProblem = true;
    process.stdout.write(`${MARKS[status]} ${subject}: ${visible(message)}\n`);
    if (remedy !== undefined) process.stdout.write(`          ${visible(remedy)}\n`);
  };
  for await (const finding of examine({ flags, folder: process.cwd() })) {
    print(finding);
    if (finding.serverUrl !== undefined) print(await examineCaller(finding.serverUrl));
  }
  return hasProblem ? 1 : 0;
}

/** Whether the credentials of this shell are believed by the server. */
async function examineCaller(endpointUrl: string): Promise<DoctorFinding> {
  const subject = 'your credentials';
  const client = await connect({ endpointUrl }, readEnvironment());
  try {
    await client.call('GetStatus', {}, AbortSignal.timeout(TIMEOUT_MS));
    return { status: 'ok', subject, message: 'the server believes them, and lets them read its status' };
  } catch (error) {
    return {
      status: 'warning',
      subject,
      message: error instanceof Error ? error.message : String(error),
      remedy: "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the server's root key in this shell",
    };
  } finally {
    client.close();
  }
}
