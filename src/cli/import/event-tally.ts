import { isReservedName } from '../../events/ingest/reserved-events.ts';
import { parseTimestamp } from '../../lib/timestamp.ts';
import { type Fields, toFields } from '../../sdk/mapping/event-parts.ts';
import { createNameCounter, type NameCounts } from './name-counter.ts';
import { createPeopleCounter, type PeopleCount } from './people-counter.ts';

/** A name of the product, what it is stored as, and how many events have it. */
export type MappedName = { from: string; to: string; events: number };

/** What another product's rows have become. `events` are those that metrics count: not links, updates of user properties, and session starts and ends. Times are epoch milliseconds. */
export type SentEvents = {
  events: number;
  links: number;
  userPropertyUpdates: number;
  userProperties: NameCounts;
  /** Starts and ends of sessions. */
  sessionMarks: number;
  names: MappedName[];
  /** Events whose names are not in `names`, because there are too many. */
  otherNames: number;
  people: PeopleCount;
  firstMs: number | undefined;
  lastMs: number | undefined;
};

/** Sums up events in bounded memory; `rowName` is the name that the product has for the row. */
export type EventTally = { add: (rowName: string, event: Fields) => void; read: () => SentEvents };

/** Between two names of a pair: no name of ours has it. */
const SEPARATOR = '\0';

/** Returns a tally without any event. */
export function createEventTally(): EventTally {
  const [userProperties, names, people] = [createNameCounter(), createNameCounter(), createPeopleCounter()];
  const sums = { events: 0, links: 0, userPropertyUpdates: 0, sessionMarks: 0 };
  let firstMs: number | undefined;
  let lastMs: number | undefined;

  function addTime(value: unknown): void {
    const atMs = parseTimestamp(value);
    if (atMs === undefined) return;
    firstMs = Math.min(firstMs ?? atMs, atMs);
    lastMs = Math.max(lastMs ?? atMs, atMs);
  }

  function addReserved(name: string, { anonymous_id, $set, $set_once }: Fields): void {
    if (name === '$session_start' || name === '$session_end') sums.sessionMarks += 1;
    if (name === '$identify') {
      sums.links += 1;
      people.link(String(anonymous_id));
    }
    const set = [...Object.keys(toFields($set)), ...Object.keys(toFields($set_once))];
    if (set.length > 0) sums.userPropertyUpdates += 1;
    for (const property of set) userProperties.add(property);
  }

  return {
    add(rowName, { event_name, app_user_id, timestamp, properties }) {
      const name = String(event_name);
      people.add(String(app_user_id));
      addTime(timestamp);
      if (isReservedName(name)) addReserved(name, toFields(properties));
      else {
        sums.events += 1;
        names.add(`${rowName}${SEPARATOR}${name}`);
      }
    },
    read() {
      const { counts, others } = names.read();
      const mapped = counts.map(({ name, count }) => toMappedName(name, count));
      return {
        ...sums,
        ...{ names: mapped, otherNames: others, userProperties: userProperties.read() },
        ...{ people: people.count(), firstMs, lastMs },
      };
    },
  };
}

function toMappedName(pair: string, events: number): MappedName {
  const at = pair.lastIndexOf(SEPARATOR);
  return { from: pair.slice(0, at), to: pair.slice(at + SEPARATOR.length), events };
}

/** Returns the names that are stored as something else. */
export const listRenamed = ({ names }: SentEvents): MappedName[] =>
  names.filter(({ from, to }) => from !== to);

/** Returns the stored names that several names of the product become. */
export function listMerged({ names }: SentEvents): { name: string; from: string[] }[] {
  const byName = Map.groupBy(names, ({ to }) => to);
  return [...byName]
    .filter(([, all]) => all.length > 1)
    .map(([name, all]) => ({ name, from: all.map(({ from }) => from) }));
}
