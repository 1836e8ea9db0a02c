import { client } from './hey-api/client.gen.js';
import {
  createApiKey,
  exportEvents,
  getApp,
  getDailyMetrics,
  listApiKeys,
  revokeApiKey,
  searchEvents,
  sendEvents,
} from './hey-api/sdk.gen.js';
import type { NewEvent } from './hey-api/types.gen.js';

const { BASE_URL: baseUrl = '', SERVER_KEY: serverKey = '' } = process.env;
client.setConfig({ baseUrl, auth: serverKey });

const event: NewEvent = {
  event_id: 'from-hey-api',
  event_name: 'purchase_complete',
  app_user_id: 'user_1',
  properties: { revenue: '9.99', currency: 'USD', plan: 'pro' },
  context: { platform: 'ios' },
};
const sent = await sendEvents({ body: { events: [event] } });
const accepted: number | undefined = sent.data?.accepted;
const found = await searchEvents({ query: { event_name: ['purchase_complete', 'refund'], limit: 10 } });
const ids: string[] = found.data?.data.map((one) => one.event_id) ?? [];
const revenue: string | null | undefined = found.data?.data[0]?.revenue;
const daily = await getDailyMetrics({ query: { days: 1, metrics: ['dau'] } });
const dau: number | undefined = daily.data?.data[0]?.dau;
const created = await createApiKey({
  body: { name: 'Report', type: 'read_only', scopes: ['analytics:read'] },
});
const key: string | undefined = created.data?.key;
const id: string = created.data?.id ?? '';
const listed = await listApiKeys({ query: { type: 'read_only' } });
const names: string[] = listed.data?.data.map((one) => one.name) ?? [];
const revoked = await revokeApiKey({ path: { id }, query: { reason: 'unused' } });
const status: 'active' | 'expiring' | 'expired' | 'disabled' | 'revoked' | undefined = revoked.data?.status;
const failed = await getApp({ path: { id: 'app_none' } });
const code: string | undefined = failed.error?.code;
const csv = await exportEvents({ query: { format: 'csv' } });
const rows: number | undefined = csv.data?.trim().split('\n').length;
process.stdout.write(
  JSON.stringify({
    accepted,
    ids,
    revenue,
    dau,
    isKey: key?.startsWith('ro_af1_'),
    names,
    status,
    code,
    rows,
  }),
);
