import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useRef, useState } from 'react';
import type { EventRecord } from '../../api/answers.ts';
import { sessionQuery } from '../../api/session.ts';
import { type Connection, isFinal, retryDelayMs } from './connection.ts';
import { NO_ROWS, reduceRows, type StreamRows } from './stream-rows.ts';

/** Thousands of events per second must not render thousands of times. */
const DRAW_MS = 150;

export type EventStream = {
  connection: Connection;
  rows: StreamRows;
  pause: () => void;
  resume: () => void;
  /** Reopens the stream after the server closed it. */
  reopen: () => void;
};

type StreamOptions = {
  /** Called when events arrive. */
  onEvents: () => void;
  /** Which of them to show. */
  isShown: (event: EventRecord) => boolean;
};

/** Follows an event stream while mounted. No stream without a URL. */
export function useEventStream(url: string | undefined, options: StreamOptions): EventStream {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>({ state: 'connecting' });
  const [rows, dispatch] = useReducer(reduceRows, NO_ROWS);
  const [openings, setOpenings] = useState(0);
  const latest = useRef(options);
  latest.current = options;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new `openings` only reopens the stream.
  useEffect(() => {
    if (url === undefined) return;
    return follow(url, {
      onConnection: setConnection,
      onEvents(events) {
        dispatch({ type: 'arrived', events: events.filter(latest.current.isShown) });
        latest.current.onEvents();
      },
      onMissed: (count) => dispatch({ type: 'missed', count }),
      // An EventSource does not say why it was refused. If the session is gone, this request leads to the sign-in page.
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

/** Opens the stream and reconnects until it is closed permanently. Returns the stop function. */
function follow(url: string, { onConnection, onEvents, onMissed, onRefused }: Follower): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let drawing: ReturnType<typeof setTimeout> | undefined;
  let received: EventRecord[] = [];
  let refusals = 0;
  let wasOpen = false;

  const draw = () => {
    drawing = undefined;
    const events = received;
    received = [];
    if (events.length > 0) onEvents(events);
  };
  const enqueue = (event: EventRecord) => {
    received.push(event);
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
    // A new EventSource starts now, not where the last one ended: only the browser's own reconnect resumes there.
    let isReopened = wasOpen;
    source = new EventSource(url);
    source.addEventListener('open', () => {
      if (isReopened) onMissed(undefined);
      [isReopened, wasOpen, refusals] = [false, true, 0];
      onConnection({ state: 'open' });
    });
    source.addEventListener('event', (message) => enqueue(dataOf(message) as EventRecord));
    source.addEventListener('gap', (message) => {
      draw();
      onMissed((dataOf(message) as { missed: number }).missed);
    });
    source.addEventListener('closed', (message) => {
      const { code } = dataOf(message) as { code: string };
      // The browser reconnects by itself and resumes: nothing is missed while a server restarts.
      if (!isFinal(code)) return;
      source?.close();
      draw();
      onConnection({ state: 'closed', code });
      // The person may have been removed, or have another role now: the session says which.
      if (code !== 'not_signed_in') onRefused();
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
