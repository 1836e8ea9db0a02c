import type { Config } from '../config/config.ts';

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

/** Returns the URL of a server with this configuration, as reached from this machine. Port 0 stays 0. */
export function localUrl({ host, port }: Pick<Config, 'host' | 'port'>): string {
  // A wildcard address can be listened on, but not connected to.
  const name = ANY_ADDRESS.has(host) ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
