import { constants, setPriority } from 'node:os';
import { ATTACKS } from '../all.ts';
import type { Target } from '../attack.ts';

// The process of one attack, by its place in the list. It starts when it gets its target and stops at the next message.

// The machine has few cores. The lowest priority leaves them to the server and to normal load, so that what is measured
// is what the attack does to the server and not the attacker's own use of the CPU.
setPriority(constants.priority.PRIORITY_LOW);

const attack = ATTACKS[Number(process.argv[2])];
if (!attack) throw new Error(`There is no attack ${process.argv[2]}.`);

// A connection that the server resets must not end the attack.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (['ECONNRESET', 'EPIPE', 'ECONNREFUSED'].includes(error.code ?? '')) return;
  process.stderr.write(`${attack.name}: ${error.stack}\n`);
  process.exit(1);
});

const stopping = new AbortController();
process.once('message', (target: Target) => {
  process.once('message', () => stopping.abort());
  attack.run(target, stopping.signal).then(
    (line) => process.send?.({ line }, () => process.exit(0)),
    (error) => process.send?.({ line: `${attack.name} failed: ${error}` }, () => process.exit(1)),
  );
});
process.once('disconnect', () => process.exit(1));
