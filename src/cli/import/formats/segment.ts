import { toText } from '../../../sdk/mapping/event-parts.ts';
import { MESSAGE_TYPES, mapMessage } from '../../../sdk/segment/map-message.ts';
import type { ExportFormat } from './format.ts';

const TYPES: ReadonlySet<unknown> = new Set(MESSAGE_TYPES);

/**
 * Messages as Segment stores them raw, which are those that the SDKs send. RudderStack's object storage has the same.
 * https://segment.com/docs/connections/storage/catalog/aws-s3/
 */
export const SEGMENT_EXPORT: ExportFormat = {
  name: 'segment',
  product: 'Segment',
  expected:
    'JSON lines with a "type" such as "track" and a "messageId" per message, from S3 or another object storage',
  isEvent: ({ type, messageId }) => TYPES.has(type) && toText(messageId) !== undefined,
  nameOf: ({ type, event }) => (type === 'track' ? event : type),
  createMapper: () => ({ map: (row) => mapMessage(row), derivedIds: new Set() }),
  createReader: () => (sent) => ({ sent }),
};
