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
  toLinkId,
  toMoney,
  toSessionId,
  toText,
  toTime,
  toUserTraits,
} from '../mapping/event-parts.ts';
import { createLinkingMapper, type EventMapper, type Link } from '../mapping/linking-mapper.ts';

/** Events that Mixpanel needs for itself: recordings of sessions. */
const IGNORED: ReadonlySet<unknown> = new Set(['$mp_session_record']);

/** Events that link two IDs, which have no pair of their own besides. */
const LINKS: ReadonlySet<unknown> = new Set(['$identify', '$create_alias', '$merge']);

/** Properties that become something else, or that only Mixpanel needs. */
const CONSUMED: ReadonlySet<string> = new Set([
  ...['token', 'time', 'distinct_id', '$insert_id', '$device_id', '$user_id', '$session_id'],
  ...['$distinct_id_before_identity', '$had_persisted_distinct_id', '$identified_id', '$anon_id'],
  ...['mp_lib', '$lib_version', 'mp_sent_by_lib_version', '$os', '$os_version', '$model', '$locale'],
  ...['$app_version', '$app_version_string', 'mp_country_code', 'revenue', 'currency', '$is_reshuffled'],
  ...['mp_processing_time_ms', '$mp_api_endpoint', '$mp_api_timestamp_ms', '$import', 'sampling_factor'],
]);

/** What an ID of a device is called as the ID of a person, with Mixpanel's Simplified ID Merge. */
const DEVICE_PREFIX = '$device:';

/**
 * Returns the mapper of one batch: the events of `/import` and of the raw export, which are the same but for `time` (seconds or
 * milliseconds), and profiles of `/engage` and of its export. A pair of IDs is linked by the first event that has both.
 * https://developer.mixpanel.com/reference/raw-event-export, https://docs.mixpanel.com/docs/tracking-methods/id-management
 */
export const createEventMapper = (): EventMapper => createLinkingMapper(toLink, mapEvent);

function mapEvent(event: Fields): object[] {
  if (event.event === undefined && toText(event.$distinct_id) !== undefined) return mapProfile(event);
  const properties = toFields(event.properties);
  switch (event.event) {
    case '$identify':
      return [mapIdentify(properties)];
    case '$create_alias':
      return [toIdentify(properties, readText(properties, 'distinct_id'), readText(properties, 'alias'))];
    case '$merge':
      return [mapMerge(properties)];
    default:
      return IGNORED.has(event.event) ? [] : [mapOther(event, properties)];
  }
}

/** Mixpanel's documentation and its SDKs name the two IDs differently. */
function mapIdentify(properties: Fields): object {
  const userId = readText(properties, '$identified_id') ?? readText(properties, 'distinct_id');
  const anonymousId = readText(properties, '$anon_id') ?? readText(properties, '$anon_distinct_id');
  return toIdentify(properties, userId, anonymousId);
}

const toIdentify = (
  properties: Fields,
  userId: string | undefined,
  anonymousId: string | undefined,
): object => ({
  ...toBase(properties),
  ...(userId === undefined ? {} : { app_user_id: userId }),
  event_name: '$identify',
  properties: { anonymous_id: anonymousId ?? null },
});

/** Links the second ID to the first one. */
function mapMerge(properties: Fields): object {
  const listed: unknown = properties.$distinct_ids;
  const [first, second]: unknown[] = Array.isArray(listed) ? listed : [];
  return toIdentify(properties, toText(first), toText(second));
}

function mapOther(event: Fields, properties: Fields): object {
  const { event_name, original } = toStoredName(event.event);
  const { revenue, currency } = properties;
  const money = toMoney({ revenue, currency, digits: digitsOf(properties, 'revenue') }, event_name);
  const own = extend(boundProperties(properties), { ...money, ...original }, CONSUMED);
  return { ...toBase(properties), event_name, ...(isFilled(own) ? { properties: own } : {}) };
}

/** Returns properties with `boundNames`; those that Mixpanel gives a meaning are left out later. */
function boundProperties(properties: Fields): Fields {
  const names = Object.keys(properties);
  if (names.length <= COPIED_NAMES_MAX) return properties;
  return boundNames(
    properties,
    names.filter((name) => !CONSUMED.has(name)),
  );
}

/** The user properties of a profile. Sums and lists of values are not supported. */
function mapProfile(profile: Fields): object[] {
  const listed: unknown[] = Array.isArray(profile.$unset) ? profile.$unset : [];
  const removed = listed.slice(0, COPIED_NAMES_MAX).filter((name) => typeof name === 'string');
  const gone = Object.fromEntries(removed.map((name) => [name, null]));
  const exported = toFields(profile.$properties);
  const $set = extend(findFilled(profile.$set, exported), gone);
  const traits = toUserTraits($set, findFilled(profile.$set_once));
  if (!traits) return [];
  const timestamp = toTime(profile.$time) ?? toTime(exported.$last_seen);
  const base = compact({ app_user_id: readText(profile, '$distinct_id'), timestamp });
  return [{ ...base, event_name: '$set', properties: traits }];
}

/** With Simplified ID Merge, the SDKs send both IDs after a login, and before it the device as `$device:…`. */
function toLink({ event, properties: sent }: Fields): Link | undefined {
  const properties = toFields(sent);
  const userId = readText(properties, '$user_id');
  const deviceId = readText(properties, '$device_id');
  if (LINKS.has(event) || userId === undefined || deviceId === undefined) return undefined;
  const anonymous_id = DEVICE_PREFIX + deviceId;
  return {
    ...toBase(properties),
    app_user_id: userId,
    event_id: toLinkId(userId, anonymous_id),
    event_name: '$identify',
    properties: { anonymous_id },
  };
}

function toUserId(properties: Fields): string | undefined {
  const deviceId = readText(properties, '$device_id');
  return (
    readText(properties, 'distinct_id') ??
    readText(properties, '$user_id') ??
    (deviceId === undefined ? undefined : DEVICE_PREFIX + deviceId)
  );
}

function toBase(properties: Fields): Fields {
  const { mp_lib, mp_country_code, $app_version_string, $app_version } = properties;
  const library = toText(mp_lib);
  return (
    compact({
      event_id: readText(properties, '$insert_id'),
      app_user_id: toUserId(properties),
      timestamp: toTime(properties.time),
      session_id: toSessionId(readText(properties, '$session_id')),
      context: toContext({
        platform: properties.$os,
        os_version: properties.$os_version,
        app_version: toText($app_version_string) ?? $app_version,
        country: mp_country_code,
        locale: properties.$locale,
        device_model: properties.$model,
        sdk: library === undefined ? undefined : `mixpanel-${library}`,
        sdk_version: properties.$lib_version,
      }),
    }) ?? {}
  );
}
