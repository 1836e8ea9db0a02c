import { toStoredName } from '../../../events/ingest/normalize-name.ts';
import {
  compact,
  type Fields,
  isFilled,
  readText,
  toContext,
  toLinkId,
  toSessionId,
  toText,
  toTime,
} from '../../../sdk/mapping/event-parts.ts';
import { createLinkingMapper, type Link } from '../../../sdk/mapping/linking-mapper.ts';
import { toCountryCode } from './country-code.ts';
import type { ExportFormat } from './format.ts';

/** The `event_type` of an event with a name; 1 is a view of a page. */
const CUSTOM_EVENT = '2';

/** Columns that are kept as properties, under their names. */
const KEPT = [
  ...['hostname', 'url_path', 'url_query', 'page_title', 'tag', 'referrer_domain', 'referrer_path'],
  ...['utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term', 'gclid', 'fbclid', 'msclkid'],
  ...['browser', 'device', 'screen', 'region', 'city'],
] as const;

/**
 * Rows of the table `website_event`: the CSV of Umami Cloud's export, or of a self-hosted server. A session of Umami is a person,
 * and a visit is a session; with `distinct_id`, the app names the person.
 * https://umami.is/docs/cloud/export-data, https://github.com/umami-software/umami/blob/master/db/clickhouse/schema.sql
 */
export const UMAMI_EXPORT: ExportFormat = {
  name: 'umami',
  product: 'Umami',
  expected:
    'the CSV of website_event, with the columns "event_id", "session_id", "created_at", "event_type" and "event_name"',
  isEvent: (row) => ['event_id', 'session_id', 'created_at'].every((name) => toText(row[name]) !== undefined),
  nameOf: (row) => (isCustom(row) ? row.event_name : 'page view'),
  createMapper: () => createLinkingMapper(toLink, (row) => [mapRow(row)]),
  createReader: () => (row) => row,
};

const isCustom = ({ event_type }: Fields): boolean => toText(event_type) === CUSTOM_EVENT;

function mapRow(row: Fields): object {
  const { event_name, original } = isCustom(row)
    ? toStoredName(row.event_name)
    : { event_name: 'screen_view', original: {} };
  const kept = Object.fromEntries(KEPT.map((name) => [name, toText(row[name])]));
  const properties = { ...compact(kept), ...original };
  return { ...toBase(row), event_name, ...(isFilled(properties) ? { properties } : {}) };
}

function toLink(row: Fields): Link | undefined {
  const [userId, sessionId] = [readText(row, 'distinct_id'), readText(row, 'session_id')];
  if (userId === undefined || sessionId === undefined || userId === sessionId) return undefined;
  const properties = { anonymous_id: sessionId };
  return { ...toBase(row), event_id: toLinkId(userId, sessionId), event_name: '$identify', properties };
}

const toBase = (row: Fields): Fields =>
  compact({
    event_id: readText(row, 'event_id'),
    app_user_id: readText(row, 'distinct_id') ?? readText(row, 'session_id'),
    timestamp: toTime(row.created_at),
    session_id: toSessionId(readText(row, 'visit_id')),
    context: toContext({ platform: row.os, country: toCountryCode(row.country), locale: row.language }),
  }) ?? {};
