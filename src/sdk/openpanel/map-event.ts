import { digitsOf } from '../../lib/exact-json.ts';
import {
  boundNames,
  compact,
  extend,
  type Fields,
  isFilled,
  readText,
  toContext,
  toFields,
  toLinkId,
  toMoney,
  toSessionId,
  toText,
  toTime,
  toUserTraits,
} from '../mapping/event-parts.ts';
import { createLinkingMapper, type EventMapper, type Link } from '../mapping/linking-mapper.ts';
import { toMarkOrName } from '../mapping/session-marks.ts';

/** Properties that become something else, or that only OpenPanel needs. */
const CONSUMED: ReadonlySet<string> = new Set([
  ...['revenue', 'currency', '__revenue', '__timestamp', '__deviceId', '__version', '__language'],
  ...['__reqId', '__user_agent', '__ip', '__os', '__osVersion', '__model', '__country'],
  ...['__path', '__title', '__referrer', '__buildNumber'],
]);

/** Properties of the SDKs that exported events have as columns. */
const RENAMED = { path: '__path', title: '__title', referrer: '__referrer', build: '__buildNumber' } as const;

/** Columns of an exported event that are kept as properties. */
const KEPT_COLUMNS = ['path', 'origin', 'referrer', 'browser', 'city', 'region'] as const;

/** The user properties that have a place of their own in `identify`. */
const PROFILE_NAMES = ['firstName', 'lastName', 'email', 'avatar'] as const;

/** What OpenPanel's SDKs and its export have in common, by the names of the SDKs. */
type Sent = {
  id: string | undefined;
  name: unknown;
  userId: string | undefined;
  deviceId: string | undefined;
  properties: Fields;
  /** Members of an exported event; empty for one of an SDK. */
  columns: Fields;
};

/**
 * Returns the mapper of one batch: the calls of `POST /track` (`{type, payload}`), and exported events, in the form of the Export API
 * (`deviceId`) or of the table (`device_id`). A pair of a device and a profile is linked by the first event that has both.
 * https://openpanel.dev/docs/api/track, https://openpanel.dev/docs/api/export
 */
export const createEventMapper = (): EventMapper => createLinkingMapper(toLink, mapEvent);

function mapEvent(event: Fields): object[] {
  const payload = toFields(event.payload);
  switch (event.type) {
    case 'identify':
      return mapIdentify(payload);
    case 'alias':
      return [mapAlias(payload)];
    case 'track':
    case undefined:
      return [mapTrack(toSent(event))];
    default:
      return [];
  }
}

function mapIdentify(payload: Fields): object[] {
  const named = PROFILE_NAMES.map((name) => [name, toText(payload[name])] as const);
  const traits = toUserTraits(
    extend(boundNames(toFields(payload.properties)), compact(Object.fromEntries(named)) ?? {}),
    {},
  );
  if (!traits) return [];
  return [
    { ...compact({ app_user_id: readText(payload, 'profileId') }), event_name: '$set', properties: traits },
  ];
}

const mapAlias = (payload: Fields): object => ({
  ...compact({ app_user_id: readText(payload, 'profileId') }),
  event_name: '$identify',
  properties: { anonymous_id: readText(payload, 'alias') ?? null },
});

function mapTrack(sent: Sent): object {
  const { event_name, original } = toMarkOrName(sent.name);
  const { properties, columns } = sent;
  const renamed = Object.entries(RENAMED).map(([name, sentName]) => [name, properties[sentName]]);
  const kept = Object.fromEntries([
    ...renamed,
    ...KEPT_COLUMNS.flatMap((name) => (toText(columns[name]) === undefined ? [] : [[name, columns[name]]])),
  ]);
  const money = toMoney(
    { ...toRevenue(sent), currency: properties.currency ?? columns.currency },
    event_name,
  );
  const own = extend(
    boundNames(properties),
    { ...compact(kept), ...toDuration(columns), ...money, ...original },
    CONSUMED,
  );
  return { ...toBase(sent), event_name, ...(isFilled(own) ? { properties: own } : {}) };
}

/** Milliseconds that a view lasted; 0 is unknown. */
function toDuration({ duration }: Fields): Fields {
  const ms = Number(toText(duration) ?? 0);
  return Number.isFinite(ms) && ms > 0 ? { duration: ms } : {};
}

const HUNDREDTHS = 100;
const SCALE_MAX = 6;

/** OpenPanel's own revenue is in hundredths, in `__revenue` or the column; `revenue` is what the app calls so. */
function toRevenue({ properties, columns }: Sent): { revenue: unknown; digits?: string | undefined } {
  const { revenue } = properties;
  if (toText(revenue) !== undefined) return { revenue, digits: digitsOf(properties, 'revenue') };
  const hundredths = toText(properties.__revenue) ?? toText(columns.revenue);
  const amount = Number(hundredths) / HUNDREDTHS;
  // The column is 0 for every event that has none.
  if (hundredths === undefined || amount === 0) return { revenue: undefined };
  return { revenue: Number.isFinite(amount) ? amount.toFixed(SCALE_MAX) : hundredths };
}

/** Each device and each person of OpenPanel has an ID; without a profile, the export repeats the device's. */
function toLink(event: Fields): Link | undefined {
  const sent = toSent(event);
  const { userId, deviceId } = sent;
  const isTrack = event.type === undefined || event.type === 'track';
  if (!isTrack || userId === undefined || deviceId === undefined || userId === deviceId) return undefined;
  const properties = { anonymous_id: deviceId };
  return { ...toBase(sent), event_id: toLinkId(userId, deviceId), event_name: '$identify', properties };
}

function toSent(event: Fields): Sent {
  const isCall = typeof event.payload === 'object' && event.payload !== null;
  const row = isCall ? toFields(event.payload) : event;
  const properties = toFields(row.properties);
  return {
    id: readText(row, 'id'),
    name: row.name,
    userId: readColumn(row, 'profileId'),
    deviceId: readColumn(row, 'deviceId') ?? readText(properties, '__deviceId'),
    properties,
    columns: isCall ? {} : row,
  };
}

function toBase(sent: Sent): Fields {
  const { id, userId, deviceId, properties, columns } = sent;
  return (
    compact({
      event_id: id,
      app_user_id: userId ?? deviceId,
      timestamp: toTime(readColumn(columns, 'createdAt') ?? properties.__timestamp),
      session_id: toSessionId(readColumn(columns, 'sessionId')),
      context: toSentContext(sent),
    }) ?? {}
  );
}

function toSentContext({ properties, columns }: Sent): Fields | undefined {
  const country = readColumn(columns, 'country') ?? toText(properties.__country);
  const library = readColumn(columns, 'sdkName');
  return toContext({
    platform: readColumn(columns, 'os') ?? properties.__os,
    os_version: readColumn(columns, 'osVersion') ?? properties.__osVersion,
    app_version: toText(properties.app_version) ?? properties.__version,
    country,
    locale: properties.__language,
    device_model: readColumn(columns, 'model') ?? properties.__model,
    sdk: library === undefined ? undefined : `openpanel-${library}`,
    sdk_version: readColumn(columns, 'sdkVersion'),
  });
}

/** Columns of an exported event by their names in the API, and what they are called in the table. */
const TABLE_NAMES = {
  profileId: 'profile_id',
  deviceId: 'device_id',
  createdAt: 'created_at',
  sessionId: 'session_id',
  country: 'country',
  sdkName: 'sdk_name',
  sdkVersion: 'sdk_version',
  os: 'os',
  osVersion: 'os_version',
  model: 'model',
} as const;

/** Returns a column of an exported event by its name in the API. */
const readColumn = (columns: Fields, name: keyof typeof TABLE_NAMES): string | undefined =>
  readText(columns, name) ?? readText(columns, TABLE_NAMES[name]);
