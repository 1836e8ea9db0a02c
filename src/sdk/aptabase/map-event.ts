import { toStoredName } from '../../events/ingest/normalize-name.ts';
import { digitsOf } from '../../lib/exact-json.ts';
import {
  boundNames,
  compact,
  extend,
  isFilled,
  readText,
  toContext,
  toFields,
  toMoney,
  toSessionId,
  toTime,
} from '../mapping/event-parts.ts';

const MONEY: ReadonlySet<string> = new Set(['revenue', 'currency']);

/**
 * Returns our event for one of Aptabase's. Its SDKs send session IDs but no user IDs, so each session counts as a user. Events of
 * debug builds have the property `$debug`.
 */
export function mapEvent(value: unknown): object[] {
  const event = toFields(value);
  const system = toFields(event.systemProps);
  const own = toFields(event.props);
  const session = readText(event, 'sessionId');
  const { event_name, original } = toStoredName(event.eventName);
  const sent = { revenue: own.revenue, currency: own.currency, digits: digitsOf(own, 'revenue') };
  const debug = system.isDebug === true ? { $debug: true } : {};
  const added = { ...toMoney(sent, event_name), ...original, ...debug };
  const properties = extend(boundNames(own), added, MONEY);
  return [
    compact({
      event_name,
      app_user_id: session === undefined ? undefined : `session-${session}`,
      session_id: toSessionId(session),
      timestamp: toTime(event.timestamp),
      context: toContext({
        platform: system.osName,
        os_version: system.osVersion,
        app_version: system.appVersion,
        locale: system.locale,
        device_model: system.deviceModel,
        sdk: system.sdkVersion,
      }),
      properties: isFilled(properties) ? properties : undefined,
    }) ?? {},
  ];
}
