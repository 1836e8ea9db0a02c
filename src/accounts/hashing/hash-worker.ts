import { scryptSync } from 'node:crypto';
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { SCRYPT, SCRYPT_KEY_BYTES } from './scrypt.ts';

// The body of the worker thread: derives one key after the other. The thread pool is not used, because the event store
// and the disk wait in it.

/** About a tenth of the CPU time of a thread with the usual priority, when both want all of it. */
const NICENESS = 10;

// On Linux a priority is that of the thread, so hashing yields to storing events. Elsewhere it is the process's.
if (process.platform === 'linux') {
  try {
    setPriority(0, NICENESS);
  } catch {
    // A sandbox may forbid it. Hashing works all the same.
  }
}

parentPort?.on('message', ({ password, salt }: { password: string; salt: string }) => {
  parentPort?.postMessage(scryptSync(password, salt, SCRYPT_KEY_BYTES, SCRYPT).toString('hex'));
});
