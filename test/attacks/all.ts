import type { Attack } from './attack.ts';
import { auditGrowth } from './audit-growth.ts';
import { codeGuessing } from './code-guessing.ts';
import { eventBombs } from './event-bombs.ts';
import { garbage } from './garbage.ts';
import { heavyQueries } from './heavy-queries.ts';
import { keyLists } from './key-lists.ts';
import { keysInBodies } from './keys-in-bodies.ts';
import { leakHook } from './leak-hook.ts';
import { pipelining } from './pipelining.ts';
import { signInFlood } from './sign-in-flood.ts';
import { silentSockets } from './silent-sockets.ts';
import { stalledReaders } from './stalled-readers.ts';
import { tinyChunks } from './tiny-chunks.ts';
import { unfinishedBodies } from './unfinished-bodies.ts';
import { unknownKeys } from './unknown-keys.ts';

/** Every attack that runs beside normal load, see test/load/attacks.test.ts. */
export const ATTACKS: readonly Attack[] = [
  garbage,
  unknownKeys,
  pipelining,
  silentSockets,
  stalledReaders,
  eventBombs,
  unfinishedBodies,
  tinyChunks,
  signInFlood,
  codeGuessing,
  heavyQueries,
  auditGrowth,
  keyLists,
  leakHook,
  keysInBodies,
];
