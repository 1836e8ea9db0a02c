import type { Clock } from '../runtime/clock.ts';
import { createPace, type PaceOptions } from './flush-timer.ts';
import { onPageHidden } from './page-context.ts';
import { createSender, type SenderParts } from './sender.ts';

/** Sees to it that what is queued leaves when it is time, or when the page goes away. */
export type Departures = {
  /** Notes that there may be something to send. */
  note: () => void;
  /** Sends everything that is queued now; resolves when that is done, or when sending has stopped. Never rejects. */
  sendAll: () => Promise<void>;
  /** Goes on after a refused key. */
  restart: () => void;
  stop: () => void;
};

/** Returns the departures of a queue. */
export function createDepartures(pacing: PaceOptions, clock: Clock, parts: SenderParts): Departures {
  const { queue } = parts;
  const sender = createSender(parts);
  const pace = createPace(pacing, clock, () => void send());
  const unhook = onPageHidden(sender.sendLast);

  function note(): void {
    if (!sender.isHalted() && !sender.isDraining()) pace.onQueued(queue.size());
  }

  async function send(): Promise<void> {
    if (queue.size() === 0) return;
    pace.onSend();
    await sender.drain();
    note();
  }

  return {
    note,
    async sendAll() {
      // A drain under way sends what waited when it began; what came since needs another.
      if (sender.isDraining()) await sender.drain();
      await send();
    },
    restart: sender.restart,
    stop() {
      sender.stop();
      pace.stop();
      unhook();
    },
  };
}
