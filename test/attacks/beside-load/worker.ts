import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { adoptChild } from '../../support/adopt-child.ts';

/** A process of this folder that answers each message with one message. */
export type Worker = {
  ask: <Answer>(message: object) => Promise<Answer>;
  /** Sends a message and waits for no answer. */
  tell: (message: object) => void;
  stop: () => Promise<void>;
};

/** Starts a file of this folder as a process. It ends with this one. */
export function startWorker(file: string, ...args: string[]): Worker {
  const child = adoptChild(
    fork(join(import.meta.dirname, file), args, { serialization: 'advanced', silent: true }),
  );
  return {
    async ask<Answer>(message: object) {
      child.send(message);
      return (await nextMessage(child)) as Answer;
    },
    // An attack that failed has ended, and said so.
    tell: (message) => void (child.connected && child.send(message)),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const stopped = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', { signal: stopped.signal }).then(([message]) => message),
      once(child, 'exit', { signal: stopped.signal }).then(([code]) => {
        throw new Error(`${child.spawnargs.at(-1)} exited with ${code}.`);
      }),
    ]);
  } finally {
    stopped.abort();
  }
}
