import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { StorageError } from '../../lib/errors.ts';

const STDIN = 0;
const NULL_DEVICE = '/dev/null';
const ATTEMPTS = 100;
const RETRY_MS = 10;

/**
 * Points standard input of this process at /dev/null, for good. The engine reads file descriptor 0 at every insert:
 * data there fails the insert, and parallel inserts race on its O_NONBLOCK flag until one blocks in read(2) forever.
 * Call it once, before the engine opens. Throws StorageError `unavailable` when another file keeps descriptor 0.
 */
export function detachStdin(): void {
  // Also when the process was started without a descriptor 0: Node then opens /dev/null there.
  if (isNullDevice(STDIN)) return;
  closeSync(STDIN);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // Node has no dup2(2), but open(2) returns the lowest free descriptor: 0, unless a thread of libuv's pool (files,
    // name lookups) opened one in between. Its file is left alone until it is closed.
    const opened = openSync(NULL_DEVICE, 'r');
    if (opened === STDIN) return;
    closeSync(opened);
    sleep(RETRY_MS);
  }
  throw new StorageError(
    'unavailable',
    'Standard input cannot be replaced by /dev/null. Start with </dev/null',
  );
}

function isNullDevice(descriptor: number): boolean {
  const [given, nothing] = [fstatSync(descriptor), statSync(NULL_DEVICE)];
  return given.isCharacterDevice() && given.rdev === nothing.rdev;
}

/** Blocks this thread: nothing else of this process may run before descriptor 0 is safe. */
function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
