import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useRef, useState } from 'react';
import type { EventRecord } from '../../api/answers.ts';
import { sessionQuery } from '../../api/session.ts';
import { type Connection, isFinal, retryDelayMs } from './connection.ts';
import { NO_ROWS, reduceRows, type StreamRows } from './stream-rows.ts';

/** Thousands a second must not draw thousands of times. */
const DRAW_MS = 150;

export type EventStream = {
  connection: Connection;
  rows: StreamRows;
  pause: () => void;
  resume: () => void;
  /** Opens the stream anew, after the server closed it. */
  reopen: () => void;
};

/** Follows a stream of events while the page is open; `onEvents` is told whenever some came. No address, no stream. */
export function useEventStream(url: string | undefined, onEvents: () => void): EventStream {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>({ state: 'connecting' });
  const [rows, dispatch] = useReducer(reduceRows, NO_ROWS);
  const [openings, setOpenings] = useState(0);
  const tell = useRef(onEvents);
  tell.current = onEvents;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `openings` only says that the stream is wanted anew.
  useEffect(() => {
    if (url === undefined) return;
    return follow(url, {
      onConnection: setConnection,
      onEvents(events) {
        dispatch({ type: 'arrived', events });
        tell.current();
      },
      onMissed: (count) => dispatch({ type: 'missed', count }),
      // Why it was refused is not told: when nobody is signed in any more, this answer leads to the sign-in page.
      onRefused: () => void client.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => undefined),
    });
  }, [url, openings, client]);
  return {
    connection,
    rows,
    pause: () => dispatch({ type: 'paused' }),
    resume: () => dispatch({ type: 'resumed' }),
    reopen: () => setOpenings((count) => count + 1),
  };
}

type Follower = {
  onConnection: (connection: Connection) => void;
  onEvents: (events: EventRecord[]) => void;
  onMissed: (count: number | undefined) => void;
  onRefused: () => void;
};

/** Opens the stream, again and again until it is closed for good. Returns how to stop. */
function follow(url: string, { onConnection, onEvents, onMissed, onRefused }: Follower): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let drawing: ReturnType<typeof setTimeout> | undefined;
  let waiting: EventRecord[] = [];
  let refusals = 0;
  let wasOpen = false;

  const draw = () => {
    drawing = undefined;
    const events = waiting;
    waiting = [];
    if (events.length > 0) onEvents(events);
  };
  const hold = (event: EventRecord) => {
    waiting.push(event);
    drawing ??= setTimeout(draw, DRAW_MS);
  };
  const dataOf = (message: Event): unknown => JSON.parse((message as MessageEvent<string>).data);

  function refused(): void {
    refusals += 1;
    onConnection({ state: 'refused' });
    onRefused();
    retry = setTimeout(open, retryDelayMs(refusals));
  }

  function open(): void {
    // A new one begins now, not where the last one ended: only the browser's own reconnection knows that place.
    let isAnew = wasOpen;
    source = new EventSource(url);
    source.addEventListener('open', () => {
      if (isAnew) onMissed(undefined);
      [isAnew, wasOpen, refusals] = [false, true, 0];
      onConnection({ state: 'open' });
    });
    source.addEventListener('event', (message) => hold(dataOf(message) as EventRecord));
    source.addEventListener('gap', (message) => {
      draw();
      onMissed((dataOf(message) as { missed: number }).missed);
    });
    source.addEventListener('closed', (message) => {
      const { code } = dataOf(message) as { code: string };
      // The browser comes back by itself, and goes on where it was: nothing is missed while a server restarts.
      if (!isFinal(code)) return;
      source?.close();
      draw();
      onConnection({ state: 'closed', code });
    });
    source.addEventListener('error', () => {
      if (source?.readyState === EventSource.CLOSED) refused();
      else onConnection({ state: 'broken' });
    });
  }

  onConnection({ state: 'connecting' });
  open();
  return () => {
    source?.close();
    clearTimeout(retry);
    clearTimeout(drawing);
  };
}
