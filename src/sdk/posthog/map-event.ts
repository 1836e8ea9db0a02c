import { toStoredName } from '../../events/ingest/normalize-name.ts';
import { digitsOf } from '../../lib/exact-json.ts';
import {
  boundNames,
  COPIED_NAMES_MAX,
  compact,
  extend,
  type Fields,
  findFilled,
  isFilled,
  readText,
  toContext,
  toFields,
  toMoney,
  toSessionId,
  toSetId,
  toText,
  toTime,
  toUserTraits,
} from '../mapping/event-parts.ts';

/** Events that PostHog needs for itself: feature flags, groups, recordings and measurements of pages. */
const IGNORED: ReadonlySet<unknown> = new Set([
  ...['$feature_flag_called', '$groupidentify', '$snapshot', '$$heatmap'],
  ...['$performance_event', '$web_vitals'],
]);

/** Properties that become something else, or that only PostHog needs. */
const CONSUMED: ReadonlySet<string> = new Set([
  ...['token', 'distinct_id', 'revenue', '$revenue', 'currency', '$currency'],
  ...['$set', '$set_once', '$unset', '$anon_distinct_id', 'alias', '$session_id', '$window_id', '$insert_id'],
  ...['$lib', '$lib_version', '$os', '$os_name', '$os_version', '$app_version', '$device_model', '$locale'],
  ...['$is_server', '$geoip_disable', '$is_identified', '$process_person_profile', '$time'],
]);

/** Returns properties with `boundNames`; those that PostHog gives a meaning come first. */
export function boundProperties(properties: Fields): Fields {
  const names = Object.keys(properties);
  if (names.length <= COPIED_NAMES_MAX) return properties;
  const isConsumed = (name: string) => CONSUMED.has(name);
  return boundNames(properties, [...names.filter(isConsumed), ...names.filter((name) => !isConsumed(name))]);
}

/** Returns an event of a browser, which says how many milliseconds before `sentAt` it happened, with its time. */
export function withTime(event: Fields, sentAt: number): Fields {
  const { timestamp, offset } = event;
  const isKnown = timestamp !== undefined || typeof offset !== 'number' || !Number.isFinite(offset);
  return isKnown ? event : extend(event, { timestamp: sentAt - Math.abs(offset) });
}

/** Whether the country of an event must not be derived from the address that it was sent from. */
export const hidesCountry = (value: unknown): boolean =>
  Boolean(toFields(toFields(value).properties).$geoip_disable);

/** Returns our events for one of PostHog's; none if it is ignored. */
export function mapEvent(value: unknown): object[] {
  const event = toFields(value);
  const properties = toFields(event.properties);
  switch (event.event) {
    case '$identify':
      return mapIdentify(event, properties);
    case '$create_alias':
    case '$merge_dangerously':
      return [
        { ...toBase(event, properties), event_name: '$identify', properties: toLink(properties, 'alias') },
      ];
    case '$set':
      return toUserProperties(event, properties);
    default:
      return IGNORED.has(event.event) ? [] : mapOther(event, properties);
  }
}

function mapIdentify(event: Fields, properties: Fields): object[] {
  const { $anon_distinct_id } = properties;
  if (toText($anon_distinct_id) === undefined) return toUserProperties(event, properties);
  const linked = extend(findTraits(event, properties) ?? {}, toLink(properties, '$anon_distinct_id'));
  return [{ ...toBase(event, properties), event_name: '$identify', properties: linked }];
}

const toLink = (properties: Fields, name: string): Fields => ({
  anonymous_id: readText(properties, name) ?? null,
});

function mapOther(event: Fields, properties: Fields): object[] {
  const { event_name, original } = toStoredName(event.event);
  const revenueName = properties.revenue === undefined ? '$revenue' : 'revenue';
  const sent = {
    revenue: properties[revenueName],
    currency: properties.currency ?? properties.$currency,
    digits: digitsOf(properties, revenueName),
  };
  const money = toMoney(sent, event_name);
  const own = extend(boundNames(properties), { ...money, ...original }, CONSUMED);
  const mapped = { ...toBase(event, properties), event_name, ...(isFilled(own) ? { properties: own } : {}) };
  return [mapped, ...toUserProperties(event, properties, toSetId)];
}

/** Returns the user properties that any event can carry, as an event of their own. */
function toUserProperties(event: Fields, properties: Fields, toId?: (id: string) => string): object[] {
  const traits = findTraits(event, properties);
  if (!traits) return [];
  return [{ ...toBase(event, properties, toId), event_name: '$set', properties: traits }];
}

function findTraits(event: Fields, properties: Fields): Fields | undefined {
  const listed: unknown[] = Array.isArray(properties.$unset) ? properties.$unset : [];
  const removed = listed.slice(0, COPIED_NAMES_MAX).filter((name) => typeof name === 'string');
  const gone = Object.fromEntries(removed.map((name) => [name, null]));
  const $set = extend(findFilled(properties.$set, event.$set), gone);
  return toUserTraits($set, findFilled(properties.$set_once, event.$set_once));
}

function toBase(event: Fields, properties: Fields, toId = (id: string) => id): Fields {
  const id = readText(event, 'uuid') ?? readText(properties, '$insert_id');
  return (
    compact({
      event_id: id === undefined ? undefined : toId(id),
      app_user_id: readText(event, 'distinct_id') ?? readText(properties, 'distinct_id'),
      timestamp: toTime(event.timestamp),
      session_id: toSessionId(readText(properties, '$session_id')),
      context: toContext({
        platform: toText(properties.$os) ?? properties.$os_name,
        os_version: properties.$os_version,
        app_version: properties.$app_version,
        locale: properties.$locale,
        device_model: properties.$device_model,
        sdk: properties.$lib,
        sdk_version: properties.$lib_version,
      }),
    }) ?? {}
  );
}
