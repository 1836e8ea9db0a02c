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

/** The `event_type` of a view of a page, and of an event with a name. Others are clicks on links, pixels and measurements. */
const [PAGE_VIEW, CUSTOM_EVENT] = ['1', '2'] as const;

const REQUIRED = ['event_id', 'session_id', 'created_at', 'event_type'] as const;

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
  isEvent: (row) => REQUIRED.every((name) => toText(row[name]) !== undefined),
  nameOf,
  createMapper: () => createLinkingMapper(toLink, mapRow),
  hasCountryNames: true,
  createReader: () => (sent) => ({ sent }),
};

function nameOf({ event_type, event_name }: Fields): unknown {
  const type = toText(event_type);
  if (type === CUSTOM_EVENT) return event_name;
  return type === PAGE_VIEW ? 'page view' : `event_type ${type}`;
}

function mapRow(row: Fields): object[] {
  const type = toText(row.event_type);
  if (type !== PAGE_VIEW && type !== CUSTOM_EVENT) return [];
  const { event_name, original } =
    type === CUSTOM_EVENT ? toStoredName(row.event_name) : { event_name: 'page_view', original: {} };
  const kept = Object.fromEntries(KEPT.map((name) => [name, toText(row[name])]));
  const properties = { ...compact(kept), ...original };
  return [{ ...toBase(row), event_name, ...(isFilled(properties) ? { properties } : {}) }];
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
