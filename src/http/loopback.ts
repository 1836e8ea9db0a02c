import { isInCidrs, parseCidrs } from '../lib/ip.ts';

/** The addresses of this machine. */
export const LOOPBACK = parseCidrs(['127.0.0.0/8', '::1/128']).cidrs;

/** `localhost:8080`, `127.0.0.1`, `[::1]:8080`: the name, or what stands in the brackets. */
const HOST = /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d*)?$/i;

/** Whether a Host header names this machine. */
export function isLoopbackHost(host = ''): boolean {
  const [, ipv6, name = ipv6 ?? ''] = HOST.exec(host) ?? [];
  return name.toLowerCase() === 'localhost' || isInCidrs(name, LOOPBACK);
}
