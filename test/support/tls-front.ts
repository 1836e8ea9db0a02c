import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { cleanUp } from './clean-up.ts';
import { makeCertificate } from './proxies.ts';

/** A server that ends TLS. Clients reach it at `host`, and trust it with `certificateFile` in `NODE_EXTRA_CA_CERTS`. */
export type TlsFront = {
  host: string;
  certificateFile: string;
  /** Stops listening, and closes the open connections. */
  stop: () => Promise<void>;
  /** Listens again, at the same address. */
  restart: () => Promise<void>;
};

/** Starts a server with TLS that forwards what it receives to the server at `url`, until the end of the test file. Needs openssl. */
export async function startTlsFront(url: string): Promise<TlsFront> {
  const dir = mkdtempSync(join(tmpdir(), 'appflow-tls-'));
  const { key, cert } = makeCertificate(dir);
  const { hostname, port } = new URL(url);
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const sockets = new Set<Socket>();
  const server = createServer(options, (incoming) => {
    const outgoing = connect(Number(port), hostname);
    sockets.add(incoming);
    pass(incoming, outgoing);
    pass(outgoing, incoming);
    incoming.on('close', () => sockets.delete(incoming));
  });
  const listen = async (at: number) => {
    server.listen(at, 'localhost');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const stop = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const own = await listen(0);
  cleanUp(async () => {
    if (server.listening) await stop();
    rmSync(dir, { recursive: true, force: true });
  });
  const restart = async () => {
    await listen(own);
  };
  return { host: `localhost:${own}`, certificateFile: cert, stop, restart };
}

function pass(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroy());
  from.pipe(to);
}
