/**
 * Completes `package-lock.json` with the platform packages that npm leaves out.
 *
 * npm writes only those optional packages into the lock file that the registry offered for the machine at hand, and
 * `npm ci` on another platform then fails or runs without its native library. Run after each `npm install`:
 * `node tools/complete-lock.ts`. `--check` changes nothing and exits with 1 when an entry is missing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface LockedPackage {
  version: string;
  resolved?: string;
  integrity?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface LockFile {
  packages: Record<string, LockedPackage>;
}

const OPERATING_SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'sunos',
  'win32',
];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Platform by the parts of a package name: `@chdb/lib-linux-arm64-gnu` → linux, arm64, glibc. */
export function platformOf(name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> | undefined {
  const parts = (name.split('/').at(-1) ?? '').split('-');
  const system = parts.find((part) => OPERATING_SYSTEMS.includes(part));
  const processor = parts.find((part) => PROCESSORS.includes(part));
  if (system === undefined || processor === undefined) return undefined;
  const libc = parts.includes('musl') ? ['musl'] : parts.includes('gnu') ? ['glibc'] : undefined;
  return { os: [system], cpu: [processor], ...(libc === undefined ? {} : { libc }) };
}

/** Adds what is missing and returns the names of the added packages. */
export function completeLock(lock: LockFile): string[] {
  const added: string[] = [];
  for (const [path, owner] of Object.entries(lock.packages)) {
    if (path === '') continue;
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const platform = platformOf(name);
      const key = `node_modules/${name}`;
      if (platform === undefined || !/^\d/.test(version)) continue;
      if (lock.packages[key] !== undefined || lock.packages[`${path}/${key}`] !== undefined) continue;
      lock.packages[key] = { version, ...platform, ...(owner.dev ? { dev: true } : {}), optional: true };
      added.push(`${name}@${version}`);
    }
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = Object.fromEntries(sorted);
  return added;
}

function main(): void {
  const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock = JSON.parse(readFileSync(path, 'utf8')) as LockFile;
  const added = completeLock(lock);
  if (process.argv.includes('--check')) {
    for (const name of added)
      process.stdout.write(`package-lock.json: ${name} is missing: run node tools/complete-lock.ts\n`);
    process.exitCode = added.length === 0 ? 0 : 1;
    return;
  }
  if (added.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(
    `added ${added.length} platform packages${added.length === 0 ? '' : `: ${added.join(', ')}`}\n`,
  );
}

if (import.meta.main) main();
