import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorCodeOf } from '../lib/errors.ts';

const FIXES: Record<string, string> = {
  EADDRINUSE: 'another process is using this port. Stop it, or set %s to another port.',
  EACCES: 'this user cannot listen on this port. Set %s to 1024 or more.',
  EADDRNOTAVAIL: 'this machine does not have this address. Set HOST to one of its addresses.',
  ENOTFOUND: 'the name cannot be resolved. Set HOST to an address of this machine.',
};

/** The address a server listens on. */
export type Address = { port: number; host: string };

/** Returns the error with its fix, for a server that cannot listen on HOST and the port that `variable` sets. */
export function toListenError(error: unknown, { port, host }: Address, variable = 'PORT'): Error {
  const code = errorCodeOf(error);
  const fix = FIXES[code];
  if (fix === undefined) return error instanceof Error ? error : new Error(String(error));
  return new Error(`Cannot listen on HOST ${host}, ${variable} ${port}: ${fix.replace('%s', variable)}`, {
    cause: error,
  });
}

/** Throws an error with the fix if `port` is not free. Called first, so that a mistake shows before stores are opened. */
export async function requireFreePort(address: Address): Promise<void> {
  if (address.port === 0) return;
  const probe = createServer();
  try {
    const listening = once(probe, 'listening');
    probe.listen(address);
    await listening;
  } catch (error) {
    throw toListenError(error, address);
  }
  const closed = once(probe, 'close');
  probe.close();
  await closed;
}
