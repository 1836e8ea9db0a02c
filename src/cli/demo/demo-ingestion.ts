import type { ApiKey } from '../../directory/key.ts';
import { type EventApp, parseEvent } from '../../events/ingest/event.ts';
import { saveCounts, toCountRows } from '../../ingestion/count-store.ts';
import type { CountedSdkId } from '../../ingestion/counted-sdk.ts';
import { saveNames } from '../../ingestion/name-store.ts';
import type { NameRow } from '../../ingestion/name-tally.ts';
import { describeRejected } from '../../ingestion/rejected-event.ts';
import type { SampleRow } from '../../ingestion/sample-buffer.ts';
import { saveSamples } from '../../ingestion/sample-store.ts';
import {
  type Cell,
  countCode,
  createTally,
  findCell,
  type Source,
  takeCells,
} from '../../ingestion/tally.ts';
import { toSampleRow } from '../../ingestion/to-sample-row.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/durations.ts';
import type { ControlServices } from '../../server/open-services.ts';
import type { DemoState } from './demo-project.ts';
import type { DemoPlatform } from './person.ts';
import { type Random, randomOf } from './random.ts';

/** What a key sends with an SDK in an hour, on average. */
type DemoSource = {
  key: string;
  /** `appflow` if it is left out. */
  sdkId?: CountedSdkId;
  sdk: string;
  platform: DemoPlatform;
  sinceDays: number;
  accepted: number;
  duplicates: number;
  rejected?: Record<string, number>;
  refused?: Record<string, number>;
};

const DAYS = 30;
const BROKEN_SDK = 'acme-android/1.3.0';

/** Events that the broken SDK sends: times without an offset, amounts with their currency, and users before sign-in. */
const BROKEN_EVENTS = [
  { timestamp: '2026-11-22 10:00:00', properties: { screen: 'home' } },
  { event_name: 'purchase_complete', properties: { revenue: '9,99 €', product_id: 'pro_monthly' } },
  { app_user_id: 'null', event_name: 'app_open', properties: { cold_start: true } },
];

const SOURCES: readonly DemoSource[] = [
  {
    key: 'iOS and Android apps',
    sdk: 'appflow-js/0.9.2',
    platform: 'ios',
    sinceDays: DAYS,
    accepted: 210,
    duplicates: 4,
    rejected: { timestamp_in_future: 0.2 },
  },
  {
    key: 'iOS and Android apps',
    sdk: BROKEN_SDK,
    platform: 'android',
    sinceDays: 4,
    accepted: 34,
    duplicates: 9,
    rejected: { invalid_timestamp: 14, invalid_revenue: 3, placeholder_app_user_id: 6 },
  },
  {
    key: 'Production backend',
    sdk: 'appflow-js/1.0.0',
    platform: 'web',
    sinceDays: DAYS,
    accepted: 90,
    duplicates: 1,
    refused: { rate_limited: 0.3 },
  },
  {
    key: 'iOS and Android apps',
    sdkId: 'posthog',
    sdk: 'posthog-ios/3.38.0',
    platform: 'ios',
    sinceDays: 12,
    accepted: 48,
    duplicates: 1,
    rejected: { invalid_properties: 0.2 },
  },
  {
    key: 'iOS and Android apps',
    sdkId: 'segment',
    sdk: 'analytics-kotlin/1.22.1',
    platform: 'android',
    sinceDays: DAYS,
    accepted: 26,
    duplicates: 2,
  },
  { key: 'Payments webhook', sdk: '', platform: 'web', sinceDays: DAYS, accepted: 6, duplicates: 0.4 },
];

const SAMPLES = 60;

/** Names that became the same one, and how many events had them. */
const NAMES: readonly { eventName: string; sentName: string; platform: DemoPlatform; count: number }[] = [
  { eventName: 'order_completed', sentName: 'Order Completed', platform: 'ios', count: 1_204 },
  { eventName: 'order_completed', sentName: 'order-completed', platform: 'android', count: 87 },
  { eventName: 'plan_selected', sentName: 'Plan Selected', platform: 'ios', count: 310 },
];

/** Writes what became of events in the 30 days before `nowMs`: most were accepted, but a release of one app is broken. */
export async function writeDemoIngestion(
  { control }: Pick<ControlServices, 'control'>,
  { projectId, plan, stage }: DemoState,
  nowMs: number,
  keys: readonly ApiKey[],
): Promise<void> {
  const tally = createTally();
  const samples: SampleRow[] = [];
  for (const source of SOURCES) {
    const keyId = keys.find(({ name }) => name === source.key)?.id;
    if (keyId === undefined) continue;
    const sender = { projectId, keyId, sdkId: source.sdkId ?? ('appflow' as const) };
    const random = randomOf('ingestion', plan.seed, source.key, source.sdk);
    const appId = stage.appIds[source.platform];
    const thisHour = nowMs - (nowMs % HOUR_MS);
    for (let hour = thisHour - source.sinceDays * DAY_MS; hour <= thisHour; hour += HOUR_MS) {
      const cell = findCell(tally, sender, { nowMs: hour, appId, sdk: source.sdk });
      if (cell) fillCell(cell, source, random);
    }
    if (source.sdk === BROKEN_SDK) samples.push(...makeSamples(sender, appId, nowMs));
  }
  // As a server does: no key or app changes, so no process has to load them again.
  await control.db.transaction().execute(async (tx) => {
    await saveCounts(tx, takeCells(tally).flatMap(toCountRows));
    await saveSamples(tx, samples);
    await saveNames(tx, listNames(projectId, stage.appIds, nowMs));
  });
}

/** Returns names that were last sent within the hour. */
const listNames = (projectId: string, appIds: DemoState['stage']['appIds'], nowMs: number): NameRow[] =>
  NAMES.map(({ eventName, sentName, platform, count }) => ({
    project_id: projectId,
    app_id: appIds[platform],
    event_name: eventName,
    sent_name: sentName,
    is_automatic: 0,
    count,
    first_at: nowMs - 12 * DAY_MS,
    last_at: nowMs - 20 * MINUTE_MS,
  }));

/** More in the evening than at night, and less often than once per hour if the average is below one. */
function fillCell(
  cell: Cell,
  { accepted, duplicates, rejected = {}, refused = {} }: DemoSource,
  random: Random,
): void {
  const hour = new Date(cell.hour).getUTCHours();
  const busy = 1 + 0.6 * Math.sin(((hour - 12) / 12) * Math.PI);
  const draw = (average: number) => Math.floor(average * busy * (0.6 + 0.8 * random()) + random());
  cell.accepted += draw(accepted);
  cell.duplicates += draw(duplicates);
  for (const [codes, averages] of [
    [cell.rejected, rejected],
    [cell.refused, refused],
  ] as const)
    for (const [code, average] of Object.entries(averages)) {
      const count = draw(average);
      if (count > 0) countCode(codes, code, count);
    }
}

/** Returns samples of the last hours, oldest first, rejected by the same rules as any event. */
function makeSamples(source: Source, appId: string, nowMs: number): SampleRow[] {
  const app: EventApp = { id: appId, currency: 'EUR', platform: 'android' };
  return Array.from({ length: SAMPLES }, (_, index) => SAMPLES - 1 - index).flatMap((ago) => {
    const receivedAt = nowMs - ago * 7 * MINUTE_MS;
    const event = {
      event_id: `acme-${receivedAt}-${ago}`,
      event_name: 'screen_view',
      app_user_id: `user_${1_000 + ago}`,
      ...BROKEN_EVENTS[ago % BROKEN_EVENTS.length],
      context: { platform: 'android', app_version: '3.2.0', sdk: BROKEN_SDK },
    };
    const { projectId, keyId } = source;
    const batch = {
      projectId,
      keyId,
      verified: 0,
      receivedAt,
      sentAt: undefined,
      country: undefined,
    } as const;
    const parsed = parseEvent(event, batch, () => app);
    if (!('rejection' in parsed)) return [];
    const rejected = describeRejected(event, appId, parsed.rejection, { hasSample: true });
    return rejected.sample ? [toSampleRow(source, rejected, rejected.sample, receivedAt)] : [];
  });
}
