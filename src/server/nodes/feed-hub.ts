import type { ServerResponse } from 'node:http';
import { SECOND_MS } from '../../lib/durations.ts';
import { newUlid } from '../../lib/id.ts';
import type { EventRow } from '../../warehouse/event-row.ts';

/** A line of a feed. The first one has the feed's ID, and the block up to which everything was published before. */
export type FeedLine = {
  feed?: string;
  block: number;
  /** The projects with events in the block. */
  projects: string[];
  /** Rows by project, of those that the feed watches. */
  rows: Record<string, EventRow[]>;
};

/** Sends other nodes what is stored, as it happens: a line per block on each feed. */
export type FeedHub = {
  /** Calls it with the new rows of each block. */
  publish(rows: readonly EventRow[], block: number): void;
  /** Answers with a feed that lasts until it is closed. */
  open(response: ServerResponse): void;
  /** Sets which projects a feed contains the rows of. Returns false if there is no such feed. */
  watch(watched: { feed: string; projects: string[] }): boolean;
  /** Ends all feeds. */
  close(): void;
};

/** How often a feed has a line at least, so that its reader notices when the node is gone. */
export const FEED_EVERY_MS = SECOND_MS;
/** A reader that falls this far behind is dropped: it reads from the tables what it missed. */
const WAITING_BYTES_MAX = 16_000_000;

type OpenFeed = { response: ServerResponse; watched: ReadonlySet<string> };

/** Returns a hub without feeds, of a store whose highest block is `reached`. */
export function createFeedHub(reached: number): FeedHub {
  const feeds = new Map<string, OpenFeed>();
  let last = reached;

  function write({ response }: OpenFeed, text: string): void {
    if (response.writableLength > WAITING_BYTES_MAX) response.destroy();
    else response.write(text);
  }

  const heartbeat = setInterval(() => {
    for (const feed of feeds.values()) write(feed, '\n');
  }, FEED_EVERY_MS).unref();

  return {
    publish(rows, block) {
      last = Math.max(last, block);
      if (feeds.size === 0) return;
      const byProject = Map.groupBy(rows, ({ project_id }) => project_id);
      const projects = [...byProject.keys()];
      for (const feed of feeds.values()) {
        const watched = [...byProject].filter(([project]) => feed.watched.has(project));
        const line: FeedLine = { block: last, projects, rows: Object.fromEntries(watched) };
        write(feed, `${JSON.stringify(line)}\n`);
      }
    },
    open(response) {
      const id = newUlid();
      const feed: OpenFeed = { response, watched: new Set() };
      feeds.set(id, feed);
      response.once('close', () => feeds.delete(id));
      response.writeHead(200, { 'content-type': 'application/x-ndjson' });
      const line: FeedLine = { feed: id, block: last, projects: [], rows: {} };
      write(feed, `${JSON.stringify(line)}\n`);
    },
    watch({ feed: id, projects }) {
      const feed = feeds.get(id);
      if (feed === undefined) return false;
      feed.watched = new Set(projects);
      return true;
    },
    close() {
      clearInterval(heartbeat);
      for (const { response } of feeds.values()) response.end();
      feeds.clear();
    },
  };
}
