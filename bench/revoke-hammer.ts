import { readConfig } from '../src/config.ts';
import { verify } from '../src/keys/verify.ts';
import { openControlServices } from '../src/open-services.ts';

// One process of bench/revoke.ts: shows one key over and over, as requests would, and tells when it last passed.

export type HammerReport = { state: 'hammering' } | { state: 'refused'; lastPassedAt: number };

const wallMs = () => performance.timeOrigin + performance.now();
const { directory, pepper } = await openControlServices(readConfig());

/** One look and one verdict an event-loop turn: what the first request of a turn does. */
async function hammer(secret: string): Promise<number> {
  for (let lastPassedAt = 0, turns = 0; ; turns += 1) {
    await directory.ensureFresh();
    if (!verify(secret, directory, pepper, Date.now()).ok) return lastPassedAt;
    lastPassedAt = wallMs();
    if (turns === 100) tell({ state: 'hammering' });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const tell = (report: HammerReport) => process.send?.(report);

process.on('message', (secret: string) => {
  hammer(secret).then(
    (lastPassedAt) => tell({ state: 'refused', lastPassedAt }),
    (error: unknown) => {
      throw error;
    },
  );
});
