import {
  compact,
  extend,
  type Fields,
  isFilled,
  toContextText,
  toFields,
  toMoney,
  toName,
  toPlatform,
  toSdk,
  toText,
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
        { ...toBase(event, properties), event_name: '$identify', properties: toLink(properties.alias) },
      ];
    case '$set':
      return toUserProperties(event, properties, '');
    default:
      return IGNORED.has(event.event) ? [] : mapOther(event, properties);
  }
}

function mapIdentify(event: Fields, properties: Fields): object[] {
  const { $anon_distinct_id } = properties;
  if (toText($anon_distinct_id) === undefined) return toUserProperties(event, properties, '');
  const linked = { ...toLink($anon_distinct_id), ...findTraits(event, properties) };
  return [{ ...toBase(event, properties), event_name: '$identify', properties: linked }];
}

const toLink = (anonymousId: unknown): Fields => ({ anonymous_id: toText(anonymousId) ?? null });

function mapOther(event: Fields, properties: Fields): object[] {
  const { event_name, original } = toName(event.event);
  const money = toMoney(
    properties.revenue ?? properties.$revenue,
    properties.currency ?? properties.$currency,
  );
  const own = extend(properties, { ...money, ...original }, CONSUMED);
  const mapped = { ...toBase(event, properties), event_name, ...(isFilled(own) ? { properties: own } : {}) };
  return [mapped, ...toUserProperties(event, properties, '-set')];
}

/** Returns the user properties that any event can carry, as an event of their own. */
function toUserProperties(event: Fields, properties: Fields, suffix: string): object[] {
  const traits = findTraits(event, properties);
  if (!isFilled(traits)) return [];
  return [{ ...toBase(event, properties, suffix), event_name: '$set', properties: traits }];
}

function findTraits(event: Fields, properties: Fields): Fields {
  const listed: unknown[] = Array.isArray(properties.$unset) ? properties.$unset : [];
  const removed = listed.filter((name) => typeof name === 'string');
  const $set = {
    ...toFields(properties.$set ?? event.$set),
    ...Object.fromEntries(removed.map((name) => [name, null])),
  };
  const $set_once = toFields(properties.$set_once ?? event.$set_once);
  const traits = compact({
    $set: isFilled($set) ? $set : undefined,
    $set_once: isFilled($set_once) ? $set_once : undefined,
  });
  return traits ?? {};
}

function toBase(event: Fields, properties: Fields, suffix = ''): Fields {
  const id = toText(event.uuid) ?? toText(properties.$insert_id);
  return (
    compact({
      event_id: id === undefined ? undefined : id + suffix,
      app_user_id: toText(event.distinct_id) ?? toText(properties.distinct_id),
      timestamp: toText(event.timestamp),
      session_id: toText(properties.$session_id),
      context: compact({
        platform: toPlatform(properties.$os) ?? toPlatform(properties.$os_name),
        os_version: toContextText(properties.$os_version),
        app_version: toContextText(properties.$app_version),
        locale: toContextText(properties.$locale),
        device_model: toContextText(properties.$device_model),
        sdk: toSdk(properties.$lib, properties.$lib_version),
      }),
    }) ?? {}
  );
}
