import { toStoredName } from '../../events/ingest/normalize-name.ts';
import { digitsOf } from '../../lib/exact-json.ts';
import {
  boundNames,
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
  toText,
  toTime,
  toUserTraits,
} from '../mapping/event-parts.ts';

/** The kinds of message in Segment's protocol, which RudderStack and others share. */
export const MESSAGE_TYPES = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;

/** The type of a message. */
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** The names of views, as those of the other dialects. */
const VIEWS = { page: 'page_view', screen: 'screen_view' } as const;

const MONEY: ReadonlySet<string> = new Set(['revenue', 'currency']);

/**
 * Returns our events for one message. `group` has none: what belongs to a group is not stored. `type` is that of the path,
 * for messages without one. A message that lacks what it needs becomes an event that is rejected, so that it is seen.
 */
export function mapMessage(value: unknown, type?: MessageType): object[] {
  const message = toFields(value);
  switch (message.type ?? type) {
    case 'track':
      return [mapTrack(message)];
    case 'page':
    case 'screen':
      return [mapView(message, VIEWS[(message.type ?? type) as keyof typeof VIEWS])];
    case 'identify':
      return mapIdentify(message);
    case 'alias':
      return [mapAlias(message)];
    case 'group':
      return [];
    default:
      return [toBase(message)];
  }
}

function mapTrack(message: Fields): object {
  const { event_name, original } = toStoredName(message.event);
  return toEvent(message, event_name, toProperties(message, event_name, original));
}

/** Mobile SDKs send the name of a screen as `name`, and older ones as `event`. */
function mapView(message: Fields, event_name: string): object {
  const { category, name = message.event } = message;
  const named = compact({ category: toText(category), name: toText(name) });
  return toEvent(message, event_name, toProperties(message, event_name, named ?? {}));
}

/** The link between the two IDs, with the traits; only the traits if there is one ID; nothing if there are none either. */
function mapIdentify(message: Fields): object[] {
  const userId = readText(message, 'userId');
  const anonymousId = readText(message, 'anonymousId');
  const traits = toUserTraits(toTraits(message), {});
  if (userId !== undefined && anonymousId !== undefined && userId !== anonymousId)
    return [toEvent(message, '$identify', extend(traits ?? {}, { anonymous_id: anonymousId }))];
  return traits ? [toEvent(message, '$set', traits)] : [];
}

/** RudderStack's SDKs send the traits in the context. */
function toTraits({ traits, context }: Fields): Fields {
  return findFilled(traits, toFields(context).traits);
}

function mapAlias(message: Fields): object {
  const anonymous_id = readText(message, 'previousId') ?? readText(message, 'anonymousId');
  return toEvent(message, '$identify', compact({ anonymous_id }));
}

function toProperties({ properties }: Fields, eventName: unknown, added: Fields): Fields {
  const own = toFields(properties);
  const { revenue, currency } = own;
  const money = toMoney({ revenue, currency, digits: digitsOf(own, 'revenue') }, eventName);
  return extend(boundNames(own), { ...money, ...added }, MONEY);
}

function toEvent(message: Fields, event_name: unknown, properties: Fields | undefined): object {
  const filled = properties && isFilled(properties) ? { properties } : {};
  return { ...toBase(message), event_name, ...filled };
}

/** Returns what all events of a message have in common. */
export function toBase(message: Fields): Fields {
  const context = toFields(message.context);
  return (
    compact({
      event_id: readText(message, 'messageId'),
      app_user_id: readText(message, 'userId') ?? readText(message, 'anonymousId'),
      timestamp: toTime(message.timestamp) ?? toTime(message.originalTimestamp),
      session_id: toSessionId(readText(context, 'sessionId')),
      context: toContext({
        platform: toFields(context.os).name,
        os_version: toFields(context.os).version,
        app_version: toFields(context.app).version,
        locale: context.locale,
        device_model: toFields(context.device).model,
        sdk: toFields(context.library).name,
        sdk_version: toFields(context.library).version,
      }),
    }) ?? {}
  );
}
