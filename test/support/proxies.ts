import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAtExit } from './adopt-child.ts';

const GUIDE = join(import.meta.dirname, '../../docs/guides/reverse-proxies.md');
const START_MS_MAX = 30_000;

/** Returns the first block of the guide in this language. */
export function readBlock(language: string): string {
  const [, block] =
    new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readFileSync(GUIDE, 'utf8')) ?? [];
  if (block === undefined) throw new Error(`The guide has no block for ${language}.`);
  return block;
}

/** A certificate for localhost, and where a proxy finds it. */
export type Certificate = { cert: string; key: string; both: string };

/** Creates a certificate in a folder. */
export function makeCertificate(dir: string): Certificate {
  const [cert, key, both] = [join(dir, 'appflow.crt'), join(dir, 'appflow.key'), join(dir, 'appflow.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', [...kind, '-days', '2', ...names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  return { cert, key, both };
}

/** Replaces what an operator replaces in a block of the guide. Throws if a part is missing in it. */
function fill(block: string, parts: Readonly<Record<string, string>>): string {
  let text = block;
  for (const [from, to] of Object.entries(parts)) {
    if (!text.includes(from)) throw new Error(`The block does not contain ${from}.`);
    text = text.replaceAll(from, to);
  }
  return text;
}

type Place = { dir: string; port: number; upstream: string; certificate: Certificate };

type Kind = {
  path: string;
  args: (config: string, dir: string) => string[];
  toConfig: (place: Place) => string;
};

const KINDS = {
  nginx: {
    path: '/usr/sbin/nginx',
    args: (config, dir) => ['-p', dir, '-c', config, '-e', join(dir, 'error.log')],
    toConfig: ({ dir, port, upstream, certificate: { cert, key } }) => `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
events {}
http {
access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join('\n')}
${fill(readBlock('nginx'), {
  '127.0.0.1:8080': upstream,
  'listen 443': `listen 127.0.0.1:${port}`,
  'appflow.example.com': 'localhost',
  '/etc/ssl/appflow.crt': cert,
  '/etc/ssl/appflow.key': key,
})}
}`,
  },
  caddy: {
    path: '/usr/bin/caddy',
    args: (config) => ['run', '--config', config, '--adapter', 'caddyfile'],
    toConfig: ({ port, upstream, certificate: { cert, key } }) =>
      `{\n admin off\n auto_https disable_redirects\n}\n${fill(readBlock('caddyfile'), {
        '127.0.0.1:8080': upstream,
        'appflow.example.com {': `https://localhost:${port} {\n bind 127.0.0.1\n tls ${cert} ${key}`,
      })}`,
  },
  haproxy: {
    path: '/usr/sbin/haproxy',
    args: (config) => ['-db', '-f', config],
    toConfig: ({ port, upstream, certificate: { both } }) =>
      fill(readBlock('haproxy'), {
        '127.0.0.1:8080': upstream,
        'bind :443': `bind 127.0.0.1:${port}`,
        '/etc/haproxy/appflow.pem': both,
      }),
  },
} satisfies Record<string, Kind>;

/** The proxies of the guide. */
export type ProxyName = keyof typeof KINDS;

/** The proxies of the guide. */
export const PROXIES = Object.keys(KINDS) as ProxyName[];

/** Whether a proxy is installed; tests that need it are skipped otherwise. */
export const isInstalled = (name: ProxyName): boolean => existsSync(KINDS[name].path);

/** Starts a proxy as the guide says, on this port, and resolves once it accepts connections. Returns what stops it. */
export async function startProxy(
  name: ProxyName,
  { port, upstream, certificate }: Omit<Place, 'dir'>,
): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), `appflow-${name}-`));
  mkdirSync(join(dir, 'logs'));
  const kind: Kind = KINDS[name];
  const config = join(dir, 'config');
  writeFileSync(config, kind.toConfig({ dir, port, upstream, certificate }));
  const env = { PATH: process.env.PATH, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir };
  const child = spawn(kind.path, kind.args(config, dir), { stdio: ['ignore', 'ignore', 'pipe'], env });
  killAtExit(child);
  let output = '';
  child.stderr.on('data', (text) => {
    output += text;
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await untilReady(child, port);
  } catch (error) {
    await stop();
    throw new Error(`${name} does not answer: ${output}`, { cause: error });
  }
  return stop;
}

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  const end = performance.now() + START_MS_MAX;
  while (!(await fetch(`https://localhost:${port}/healthz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null || performance.now() > end) throw new Error('It ended, or does not answer.');
    await sleep(50);
  }
}
