import createClient from 'openapi-fetch';
import type { components, paths } from './openapi-typescript/schema.js';

const { BASE_URL: baseUrl = '', SERVER_KEY: serverKey = '' } = process.env;
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${serverKey}` } });

const event: components['schemas']['NewEvent'] = {
  event_id: 'from-openapi-typescript',
  event_name: 'purchase_complete',
  app_user_id: 'user_1',
  properties: { revenue: '9.99', currency: 'USD', plan: 'pro' },
  context: { platform: 'ios' },
};
const sent = await client.POST('/v1/events', { body: { events: [event] } });
const accepted: number | undefined = sent.data?.accepted;
const found = await client.GET('/v1/events', {
  params: { query: { event_name: ['purchase_complete', 'refund'], limit: 10 } },
});
const ids: string[] = found.data?.data.map((one) => one.event_id) ?? [];
const revenue: string | null | undefined = found.data?.data[0]?.revenue;
const daily = await client.GET('/v1/analytics/daily', { params: { query: { days: 1, metrics: ['dau'] } } });
const dau: number | undefined = daily.data?.data[0]?.dau;
const created = await client.POST('/v1/api-keys', {
  body: { name: 'Report', type: 'read_only', scopes: ['analytics:read'] },
});
const key: string | undefined = created.data?.key;
const id: string = created.data?.id ?? '';
const listed = await client.GET('/v1/api-keys', { params: { query: { type: 'read_only' } } });
const names: string[] = listed.data?.data.map((one) => one.name) ?? [];
const revoked = await client.DELETE('/v1/api-keys/{id}', {
  params: { path: { id }, query: { reason: 'unused' } },
});
const status: 'active' | 'expiring' | 'expired' | 'disabled' | 'revoked' | undefined = revoked.data?.status;
const failed = await client.GET('/v1/apps/{id}', { params: { path: { id: 'app_none' } } });
const code: string | undefined = failed.error?.code;
const csv = await client.GET('/v1/events/export', { params: { query: { format: 'csv' } }, parseAs: 'text' });
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
