import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { DoctorFinding } from './finding.ts';
import { roughSize } from './rough-size.ts';

const NODE_MAJOR_MIN = 24;
/** As the server's own alarm. */
const FREE_BYTES_MIN = 1e9;

export function examineNode(version: string): DoctorFinding {
  const subject = 'node';
  const isRecent = Number(version.split('.')[0]) >= NODE_MAJOR_MIN;
  return isRecent
    ? { status: 'ok', subject, message: `version ${version}` }
    : {
        status: 'problem',
        subject,
        message: `version ${version}, but ${NODE_MAJOR_MIN} or newer is needed`,
        remedy: "run 'npm ci' in the project's folder (it brings one) and start with ./opentrail",
      };
}

/** The engine is native code: its package is one of several, for the platform. */
export function examineLibraries(): DoctorFinding[] {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  return ['chdb'].map((name) => {
    const subject = `library ${name}`;
    try {
      require.resolve(name);
      require(name);
      return { status: 'ok', subject, message: `loaded for ${platform}` };
    } catch (error) {
      return {
        status: 'problem',
        subject,
        message: `cannot be loaded for ${platform}: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
        remedy:
          "run 'npm ci' again without --omit=optional; chDB has builds for Linux (glibc) and macOS, on x64 and arm64",
      };
    }
  });
}

export async function examineDisk(folder: string): Promise<DoctorFinding> {
  const subject = 'disk';
  for (let place = folder; ; place = dirname(place)) {
    try {
      const { bavail, bsize, type } = await statfs(place);
      const freeBytes = bavail * bsize;
      const message = `${roughSize(freeBytes)} free where ${place} is (file system ${type})`;
      if (freeBytes >= FREE_BYTES_MIN) return { status: 'ok', subject, message };
      return { status: 'warning', subject, message, remedy: 'make room: at 0 new events are refused' };
    } catch (error) {
      if (place === dirname(place)) return { status: 'problem', subject, message: String(error) };
    }
  }
}

export function examineMemory(engineMemoryBytes: number): DoctorFinding {
  const subject = 'memory';
  const message =
    `${roughSize(freemem())} of ${roughSize(totalmem())} free; ` +
    `the engine may use ${roughSize(engineMemoryBytes)}`;
  if (totalmem() > engineMemoryBytes * 1.25) return { status: 'ok', subject, message };
  return { status: 'warning', subject, message, remedy: 'lower --engine-memory below what the machine has' };
}
