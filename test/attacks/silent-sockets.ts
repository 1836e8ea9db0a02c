import type { Attack } from './attack.ts';
import { describe, keepOpen } from './raw-sockets.ts';

const CONNECTIONS = 1_000;

/** What they send: nothing, half of a request, a request without an end, and a complete one. */
const BEGINNINGS = [
  '',
  'GET /he',
  'GET /healthz HTTP/1.1\r\nHost: x\r\n',
  'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n',
];

/** Returns the attack with this many connections. */
export const silenceFrom = (connections: number): Attack => ({
  name: `${connections} connections that send little or nothing and are never closed`,
  async run({ url }, signal) {
    const tally = await keepOpen(
      url,
      connections,
      (socket, index) => {
        const text = BEGINNINGS[index % BEGINNINGS.length];
        if (text) socket.write(text);
        // The others never notice that the server has closed them, and so never close them.
        if (index % 8 < BEGINNINGS.length) socket.resume();
      },
      signal,
    );
    return describe(tally);
  },
});

/** Connections that take a place and are not used. */
export const silentSockets = silenceFrom(CONNECTIONS);
