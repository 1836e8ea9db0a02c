import { type Fields, readText, toLinkId } from '../mapping/event-parts.ts';
import { createLinkingMapper, type EventMapper, type Link } from '../mapping/linking-mapper.ts';
import { type MessageType, mapMessage, toBase } from '../segment/map-message.ts';

/**
 * Returns the mapper of a message whose path has this type. As in Segment's protocol, but Jitsu's SDKs send both IDs with every
 * message once a person is identified, so each of them is a link.
 */
export const createMessageMapper = (type: MessageType): EventMapper =>
  createLinkingMapper(
    (message) => toLink(message, message.type ?? type),
    (message) => mapMessage(message, type),
  );

/** What has a link of its own, or is not stored. */
const WITHOUT_LINK: ReadonlySet<unknown> = new Set(['identify', 'alias', 'group']);

function toLink(message: Fields, type: unknown): Link | undefined {
  const [userId, anonymousId] = [readText(message, 'userId'), readText(message, 'anonymousId')];
  if (userId === undefined || anonymousId === undefined || userId === anonymousId) return undefined;
  if (WITHOUT_LINK.has(type)) return undefined;
  return {
    ...toBase(message),
    event_id: toLinkId(userId, anonymousId),
    event_name: '$identify',
    properties: { anonymous_id: anonymousId },
  };
}
