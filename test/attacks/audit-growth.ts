import { connect } from '../support/harness.ts';
import type { Attack } from './attack.ts';

const PARALLEL = 4;

/** Changes a key with a server key as fast as the server answers, each time as much of it as possible. */
export const auditGrowth: Attack = {
  name: 'audit growth',
  async run({ url, serverKey }, signal) {
    const api = connect(url);
    const statuses = new Map<number, number>();
    const { body: made } = await api.call('POST', '/v1/api-keys', {
      key: serverKey,
      body: { name: 'x', type: 'client' },
    });
    const flood = async (worker: number) => {
      for (let index = worker; !signal.aborted; index += PARALLEL) {
        const { status } = await api.call('PATCH', `/v1/api-keys/${made.id}`, {
          key: serverKey,
          body: toLongChange(index),
        });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, (_, worker) => flood(worker).catch(() => undefined)));
    return [...statuses].map(([status, count]) => `${count} times ${status}`).join(', ');
  },
};

/** A change of every long field of a key to values that none of the changes before had. */
export function toLongChange(index: number) {
  const text = (part: number, length: number) => `${index}-${part}-`.padEnd(length, 'x');
  return {
    metadata: Object.fromEntries(Array.from({ length: 20 }, (_, part) => [`m${part}`, text(part, 80)])),
    bundle_ids: Array.from({ length: 20 }, (_, part) => text(part, 100)),
    ip_allowlist: ['0.0.0.0/0', ...Array.from({ length: 99 }, (_, part) => `10.${part}.${index % 256}.0/24`)],
  };
}
