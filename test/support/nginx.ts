import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAtExit } from './adopt-child.ts';
import { findFreePort } from './free-port.ts';

const NGINX = '/usr/sbin/nginx';
const START_MS_MAX = 30_000;

/** Whether nginx is installed; tests that need it are skipped otherwise. */
export const hasNginx = existsSync(NGINX);

/** A running nginx. */
export type Nginx = AsyncDisposable & { url: string; stop: () => Promise<void> };

/** A usual configuration: connections to the server are pooled, and it learns the client's address. */
const toConfig = (dir: string, port: number, upstream: URL) => `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log warn;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  upstream appflow {
    server ${upstream.host};
    keepalive 512;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    client_max_body_size 6m;
    location / {
      proxy_pass http://appflow;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;

/** Starts nginx in front of a server on a free port, and resolves once it accepts connections. */
export async function startNginx({ upstream }: { upstream: string }): Promise<Nginx> {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-nginx-'));
  mkdirSync(join(dir, 'logs'));
  const port = await findFreePort();
  const config = join(dir, 'nginx.conf');
  writeFileSync(config, toConfig(dir, port, new URL(upstream)));
  const log = join(dir, 'error.log');
  const child = spawn(NGINX, ['-p', dir, '-c', config, '-e', log], { stdio: 'ignore' });
  killAtExit(child);
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  };
  const end = performance.now() + START_MS_MAX;
  while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok) {
    if (child.exitCode === null && performance.now() < end) await sleep(20);
    else {
      const reason = readFileSync(log, 'utf8');
      await stop();
      throw new Error(`nginx does not answer: ${reason}`);
    }
  }
  return { url, stop, [Symbol.asyncDispose]: stop };
}
