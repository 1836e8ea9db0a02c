import type { Config } from '../config.ts';

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

/** Returns where a server with this configuration is reached from this machine; `port` 0 when any free one is taken. */
export function localUrl({ host, port }: Pick<Config, 'host' | 'port'>): string {
  // A server that listens everywhere cannot be called at "everywhere".
  const name = ANY_ADDRESS.has(host) ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
