import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What a key is derived from. */
export type KeySource = { password: string; salt: string };

/** Derives keys in a thread of its own, one at a time. */
export type HashThread = {
  /** Resolves with the key in hex. Rejects if the thread ends or takes too long; the next call starts another thread. */
  derive: (source: KeySource) => Promise<string>;
};

/**
 * Longer than the first key, for which the thread starts, takes on a machine with much else to do: the thread yields to
 * everything. After that, the thread does not answer any more.
 */
const DERIVE_MS_MAX = 30_000;

/** JavaScript in a published package. */
const WORKER_FILE = new URL(`./hash-worker${extname(import.meta.filename)}`, import.meta.url);

/** Returns a thread that starts with the first key, and does not keep the process alive while it has nothing to do. */
export function createHashThread(workerFile = WORKER_FILE, deriveMsMax = DERIVE_MS_MAX): HashThread {
  let running: Worker | undefined;

  function findWorker(): Worker {
    if (running) return running;
    // Flags of the process, such as those of a test runner, are not for the worker.
    const worker = new Worker(workerFile, { name: 'password hashing', execArgv: [] });
    const forget = () => {
      if (running === worker) running = undefined;
    };
    // Without a listener, an error in the thread would end the process.
    worker.on('error', forget).on('exit', forget);
    running = worker;
    return worker;
  }

  return {
    async derive(source) {
      const worker = findWorker();
      worker.ref();
      const timer = setTimeout(() => void worker.terminate(), deriveMsMax);
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const fail = () => reject(new Error('The thread that hashes passwords ended.'));
      worker.once('message', resolve).once('error', reject).once('exit', fail);
      worker.postMessage(source);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        worker.off('message', resolve).off('error', reject).off('exit', fail).unref();
      }
    },
  };
}
