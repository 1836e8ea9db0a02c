import {
  createApiKey,
  getApp,
  getDailyMetrics,
  getExportEventsUrl,
  listApiKeys,
  type NewEvent,
  revokeApiKey,
  searchEvents,
  sendEvents,
} from './orval/client.js';

const { SERVER_KEY: serverKey = '' } = process.env;
const authorization = `Bearer ${serverKey}`;
const options = { headers: { authorization } };

const event: NewEvent = {
  event_id: 'from-orval',
  event_name: 'purchase_complete',
  app_user_id: 'user_1',
  properties: { revenue: '9.99', currency: 'USD', plan: 'pro' },
  context: { platform: 'ios' },
};
const sent = await sendEvents({ events: [event] }, options);
const accepted: number | undefined = sent.status === 200 ? sent.data.accepted : undefined;
const found = await searchEvents({ event_name: ['purchase_complete', 'refund'], limit: 10 }, options);
const events = found.status === 200 ? found.data.data : [];
const ids: string[] = events.map((one) => one.event_id);
const revenue: string | null | undefined = events[0]?.revenue;
const daily = await getDailyMetrics({ days: 1, metrics: ['dau'] }, options);
const dau: number | undefined = daily.status === 200 ? daily.data.data[0]?.dau : undefined;
const created = await createApiKey(
  { name: 'Report', type: 'read_only', scopes: ['analytics:read'] },
  options,
);
if (created.status !== 201) throw new Error(created.data.code);
const { key, id }: { key: string; id: string } = created.data;
const listed = await listApiKeys({ type: 'read_only' }, options);
const names: string[] = listed.status === 200 ? listed.data.data.map((one) => one.name) : [];
const revoked = await revokeApiKey(id, { reason: 'unused' }, options);
const status: 'active' | 'expiring' | 'expired' | 'disabled' | 'revoked' | undefined =
  revoked.status === 200 ? revoked.data.status : undefined;
const failed = await getApp('app_none', options);
const code: string | undefined = failed.status === 404 ? failed.data.code : undefined;
const csv = await fetch(getExportEventsUrl({ format: 'csv' }), options);
const rows: number = (await csv.text()).trim().split('\n').length;
process.stdout.write(
  JSON.stringify({
    accepted,
    ids,
    revenue,
    dau,
    isKey: key.startsWith('ro_af1_'),
    names,
    status,
    code,
    rows,
  }),
);
