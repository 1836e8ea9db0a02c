import { type AliasedRawBuilder, sql } from 'kysely';
import type { IngestionSdkHourTable } from '../control/ingestion-schema.ts';

/** The tables of counts: this release writes the first one, and nodes of an earlier one the other, without the SDK. */
export const COUNT_TABLES = ['ingestion_sdk_hours', 'ingestion_hours'] as const;

/** One of `COUNT_TABLES`. */
export type CountTable = (typeof COUNT_TABLES)[number];

/** Returns a table of counts to select from. `ingestion_hours` has no `sdk_id`. */
export const hoursIn = (table: CountTable): AliasedRawBuilder<IngestionSdkHourTable, 'hours'> =>
  sql<IngestionSdkHourTable>`${sql.table(table)}`.as<'hours'>(sql.ref('hours'));
