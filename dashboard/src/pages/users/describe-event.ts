import type { EventRecord } from '../../api/answers.ts';
import { previewProperties } from '../../lib/preview-properties.ts';

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns an event's properties on one line. Of `$identify` and `$set`, what they changed. */
export function describeEvent({ event_name, properties }: EventRecord): string {
  const changes = [properties.$set_once, properties.$set].filter(isRecord);
  const changed = previewProperties(Object.assign({}, ...changes));
  if (event_name === '$set') return changed;
  if (event_name !== '$identify') return previewProperties(properties);
  const linked = typeof properties.anonymous_id === 'string' ? `linked ${properties.anonymous_id}` : '';
  return [linked, changed].filter(Boolean).join(' · ');
}
