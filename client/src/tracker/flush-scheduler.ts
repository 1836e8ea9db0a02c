import type { Clock } from '../runtime/clock.ts';
import { createFlushTimer, type FlushOptions } from './flush-timer.ts';
import { onPageHidden } from './page-hidden.ts';
import { createSender, type SenderParts } from './sender.ts';

/** Sends the queue when it is due, or when the page is hidden. */
export type FlushScheduler = {
  /** Schedules a send if events are queued. */
  schedule: () => void;
  /** Sends everything queued now; resolves when that is done, or when sending has stopped. Never rejects. */
  sendAll: () => Promise<void>;
  /** Resumes after a rejected key. */
  restart: () => void;
  stop: () => void;
};

/** Returns the scheduler of a queue. */
export function createFlushScheduler(
  options: FlushOptions,
  clock: Clock,
  parts: SenderParts,
): FlushScheduler {
  const { queue } = parts;
  const sender = createSender(parts);
  const timer = createFlushTimer(options, clock, () => void send());
  const removeListeners = onPageHidden(sender.sendOnUnload);

  function schedule(): void {
    if (!sender.isHalted() && !sender.isDraining()) timer.schedule(queue.size());
  }

  async function send(): Promise<void> {
    if (queue.size() === 0) return;
    timer.restart();
    await sender.drain();
    schedule();
  }

  return {
    schedule,
    async sendAll() {
      // A running drain sends only what was queued when it started; newer events need another.
      if (sender.isDraining()) await sender.drain();
      await send();
    },
    restart: sender.restart,
    stop() {
      sender.stop();
      timer.stop();
      removeListeners();
    },
  };
}
