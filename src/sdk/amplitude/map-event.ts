import { parseRevenue } from '../../events/ingest/revenue.ts';
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
  toSetId,
  toText,
  toTime,
  toUserTraits,
} from '../mapping/event-parts.ts';
import { createLinkingMapper, type EventMapper, type Link } from '../mapping/linking-mapper.ts';
import { toMarkOrName } from '../mapping/session-marks.ts';

/** The names that `$productId` and the like have here. */
const RENAMED: readonly (readonly [from: string, to: string])[] = [
  ['$productId', 'product_id'],
  ['$quantity', 'quantity'],
];

/** What becomes revenue and currency. */
const MONEY: ReadonlySet<string> = new Set([
  ...['revenue', 'currency', '$revenue', '$currency', '$price', '$revenueType'],
  ...RENAMED.map(([from]) => from),
]);

/** Operations of user properties that set a value, and those that keep the first one. */
const SET = '$set';
const SET_ONCE = '$setOnce';
const UNSET = '$unset';

/** Returns the mapper of one batch. A pair of IDs is linked by the first event that has both. */
export const createEventMapper = (): EventMapper => createLinkingMapper(toLink, mapEvent);

function mapEvent(event: Fields): object[] {
  const { event_type } = event;
  if (event_type === '$groupidentify') return [];
  const traits = toTraits(toFields(event.user_properties));
  if (event_type === '$identify')
    return traits ? [{ ...toBase(event), event_name: '$set', properties: traits }] : [];
  const { event_name, original } = toMarkOrName(event_type);
  const properties = toProperties(event, event_name, original);
  const own = { ...toBase(event), event_name, ...(isFilled(properties) ? { properties } : {}) };
  return traits ? [own, { ...toBase(event, toSetId), event_name: '$set', properties: traits }] : [own];
}

function toProperties(event: Fields, eventName: unknown, added: Fields): Fields {
  const own = toFields(event.event_properties);
  const renamed = Object.fromEntries(
    RENAMED.flatMap(([from, to]) => (own[from] === undefined ? [] : [[to, own[from]]])),
  );
  const currency = own.currency ?? own.$currency ?? event.currency;
  return extend(
    boundNames(own),
    { ...renamed, ...toMoney({ ...toRevenue(event, own), currency }, eventName), ...added },
    MONEY,
  );
}

/** The revenue of an event, or its price times its quantity. */
function toRevenue(event: Fields, own: Fields): { revenue: unknown; digits?: string | undefined } {
  for (const [holder, name] of [
    [own, 'revenue'],
    [own, '$revenue'],
    [event, 'revenue'],
  ] as const) {
    const revenue = holder[name];
    if (revenue !== undefined && revenue !== null) return { revenue, digits: digitsOf(holder, name) };
  }
  const price = own.$price ?? event.price;
  const isFree = price === undefined || price === null || price === '';
  return { revenue: isFree ? undefined : multiply(price, own.$quantity ?? event.quantity) };
}

const SCALE_MAX = 6;

/** Returns a price times a quantity (1 if there is none), to 6 decimals; what was sent if it is no amount. */
function multiply(price: unknown, quantity: unknown): unknown {
  if (quantity === undefined || quantity === null || quantity === '') return price;
  const product = toNumber(price) * toNumber(quantity);
  return Number.isFinite(product) ? product.toFixed(SCALE_MAX) : `${toText(price)} × ${toText(quantity)}`;
}

/** Returns NaN for what is no decimal. */
const toNumber = (value: unknown): number => Number(parseRevenue(value) ?? Number.NaN);

/** Returns the user properties that are set; undefined if there are none. Sums and lists of values are not supported. */
function toTraits(sent: Fields): Fields | undefined {
  const names = Object.keys(sent);
  if (names.length > 0 && !names.some((name) => name.startsWith('$')))
    return toUserTraits(boundNames(sent, names), {});
  const removed = Object.keys(boundNames(toFields(sent[UNSET]))).map((name) => [name, null]);
  const $set = extend(boundNames(toFields(sent[SET])), Object.fromEntries(removed));
  return toUserTraits($set, boundNames(toFields(sent[SET_ONCE])));
}

function toLink(event: Fields): Link | undefined {
  const [userId, deviceId] = [readText(event, 'user_id'), readText(event, 'device_id')];
  if (userId === undefined || deviceId === undefined || userId === deviceId) return undefined;
  const properties = { anonymous_id: deviceId };
  return { ...toBase(event), event_id: toLinkId(userId, deviceId), event_name: '$identify', properties };
}

/** IDs that clients send as `-1` mean none. */
const NO_SESSION = '-1';

function toBase(event: Fields, toId = (id: string) => id): Fields {
  const id = readText(event, 'insert_id');
  const session = readText(event, 'session_id');
  const { country, language, platform, os_name } = event;
  return (
    compact({
      event_id: id === undefined ? undefined : toId(id),
      app_user_id: readText(event, 'user_id') ?? readText(event, 'device_id'),
      timestamp: toTime(event.time),
      session_id: session === NO_SESSION ? undefined : toSessionId(session),
      context: toContext({
        platform: toText(platform) ?? os_name,
        os_version: event.os_version,
        app_version: event.app_version,
        country,
        locale: language,
        device_model: event.device_model,
        sdk: event.library,
      }),
    }) ?? {}
  );
}
