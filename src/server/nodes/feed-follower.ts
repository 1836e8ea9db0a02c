import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { SECOND_MS } from '../../lib/durations.ts';
import type { Log } from '../../lib/log.ts';
import type { Feed, FeedSource } from '../../warehouse/feed.ts';
import type { Election } from './election.ts';
import { FEED_EVERY_MS, type FeedLine } from './feed-hub.ts';
import { FEED_PATH, WATCH_PATH, type WatchedProjects } from './node-listener.ts';
import type { NodeClient, Owner } from './node-request.ts';

/** Follows what another node stores. */
export type FeedFollower = {
  /** The feed of this node. */
  feed: Feed;
  /** Whether a node that stores events has not been reached for some seconds. */
  isAway(): boolean;
  stop(): Promise<void>;
};

export type FollowerOptions = {
  client: NodeClient;
  election: Pick<Election, 'owner' | 'poke' | 'changed'>;
  /** Whether this node stores the events itself. */
  isOwn: () => boolean;
  source: FeedSource;
  log: Log;
};

/** After this long without a line, the node is gone or frozen. */
const SILENCE_MS = 5 * FEED_EVERY_MS;
const RETRY_MS = 100;
const WATCH_MS = 5 * SECOND_MS;
const AWAY_MS = 5 * SECOND_MS;

/** Publishes on `source` what other nodes store, whichever does at the time. */
export function followFeed(options: FollowerOptions): FeedFollower {
  const { election, source, isOwn, log } = options;
  const stopping = new AbortController();
  const subscribers = new Map<string, number>();
  let watch = () => {};
  let reachedAtMs = performance.now();

  async function follow(owner: Owner): Promise<void> {
    const connection = await openFeed(options.client, owner, stopping.signal);
    try {
      for await (const line of connection.lines) {
        reachedAtMs = performance.now();
        if (line === undefined) continue;
        if (line.feed !== undefined) {
          watch = () => connection.watch({ feed: line.feed ?? '', projects: [...subscribers.keys()] });
          watch();
          // What was stored while no feed was open is only in the tables.
          source.publish(line.block);
        } else publishLine(source, line);
      }
    } finally {
      watch = () => {};
      connection.close();
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const owner = election.owner();
      if (owner === undefined) {
        if (isOwn()) reachedAtMs = performance.now();
        await election.changed(undefined, SECOND_MS);
        continue;
      }
      await follow(owner).catch((err: unknown) => log.debug({ err }, 'the feed of another node ended'));
      void election.poke();
      await setTimeout(RETRY_MS);
    }
  }

  const running = run();
  return {
    feed: {
      reached: source.reached,
      subscribe(projectId, listener) {
        const { unsubscribe } = source.subscribe(projectId, listener);
        const count = subscribers.get(projectId) ?? 0;
        subscribers.set(projectId, count + 1);
        if (count === 0) watch();
        return {
          unsubscribe() {
            unsubscribe();
            const left = (subscribers.get(projectId) ?? 1) - 1;
            if (left > 0) subscribers.set(projectId, left);
            else if (subscribers.delete(projectId)) watch();
          },
        };
      },
    },
    isAway: () => performance.now() - reachedAtMs > AWAY_MS,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function publishLine(source: FeedSource, { block, projects, rows }: FeedLine): void {
  const unread = projects.filter((project) => rows[project] === undefined);
  source.publish(block, Object.values(rows).flat(), unread);
}

type Connection = {
  /** Undefined for a sign of life. */
  lines: AsyncIterable<FeedLine | undefined>;
  /** Until it takes effect, and if it fails, events are read from the tables. */
  watch: (watched: WatchedProjects) => void;
  close: () => void;
};

async function openFeed(client: NodeClient, owner: Owner, stopped: AbortSignal): Promise<Connection> {
  const ending = new AbortController();
  const signal = AbortSignal.any([stopped, ending.signal]);
  const end = () => ending.abort(new Error('The other node is silent'));
  const timer = globalThis.setTimeout(end, SILENCE_MS);
  const answer = await client.open(owner, FEED_PATH, signal).catch((error: unknown) => {
    clearTimeout(timer);
    throw error;
  });
  async function* lines(): AsyncGenerator<FeedLine | undefined> {
    if (answer.statusCode !== 200) throw new Error(`The other node answered ${answer.statusCode}`);
    for await (const text of createInterface({ input: answer })) {
      timer.refresh();
      yield text === '' ? undefined : (JSON.parse(text) as FeedLine);
    }
  }
  return {
    lines: lines(),
    watch(watched) {
      const body = Buffer.from(JSON.stringify(watched));
      client.post(owner, WATCH_PATH, body, WATCH_MS).catch(() => undefined);
    },
    close() {
      clearTimeout(timer);
      answer.destroy();
    },
  };
}
