import { connect } from '../support/harness.ts';
import type { Attack } from './attack.ts';

const PARALLEL = 8;
const SEARCHES = ['', '?limit=200', '?status=expired', '?unused_for_days=3650', '?type=read_only'];

/** Lists keys and the audit log with a server key as fast as the server answers. */
export const keyLists: Attack = {
  name: 'key lists',
  async run({ url, serverKey }, signal) {
    const api = connect(url);
    const statuses = new Map<number, number>();
    const paths = [
      ...SEARCHES.map((search) => `/v1/api-keys${search}`),
      '/v1/audit-log?action=member.added',
      '/v1/audit-log?action=api_key.updated&actor_id=cli&to=2020-01-01T00:00:00Z',
    ];
    const flood = async () => {
      for (let index = 0; !signal.aborted; index += 1) {
        const { status } = await api.call('GET', paths[index % paths.length] ?? '', { key: serverKey });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, () => flood().catch(() => undefined)));
    return [...statuses].map(([status, count]) => `${count} times ${status}`).join(', ');
  },
};
