import type { getAdapter } from 'better-auth/db/adapter';
import { whenFree } from '../control/open.ts';
import { hashToken } from './token.ts';

type Adapter = Awaited<ReturnType<typeof getAdapter>>;
type Where = NonNullable<Parameters<Adapter['findMany']>[0]['where']>;

function withHash({ model, where }: { model: string; where: Where }): Where {
  if (model !== 'session') return where;
  return where.map((one) =>
    one.field === 'token' && typeof one.value === 'string' ? { ...one, value: hashToken(one.value) } : one,
  );
}

/**
 * Returns the adapter with the tokens of sessions hashed on their way to the database: what is written and looked for
 * is the hash, and only whoever makes a session is told its token. So a copy of the database opens no session. Writes
 * wait, as all do, for another process's lock.
 */
export function hashSessions(adapter: Adapter): Adapter {
  const create = async (asked: { model: string; data: Record<string, unknown> }): Promise<object> => {
    const { model, data } = asked;
    if (model !== 'session') return whenFree(() => adapter.create(asked));
    const token = String(data.token);
    const made = await whenFree(() =>
      adapter.create({ ...asked, data: { ...data, token: hashToken(token) } }),
    );
    return { ...made, token };
  };
  return {
    ...adapter,
    // Returns the row of what it was given, as the adapter's own does: that is all its type parameters say.
    create: create as Adapter['create'],
    findOne: (asked) => adapter.findOne({ ...asked, where: withHash(asked) }),
    update: (asked) => whenFree(() => adapter.update({ ...asked, where: withHash(asked) })),
    delete: (asked) => whenFree(() => adapter.delete({ ...asked, where: withHash(asked) })),
    deleteMany: (asked) => whenFree(() => adapter.deleteMany({ ...asked, where: withHash(asked) })),
    consumeOne: (asked) => whenFree(() => adapter.consumeOne({ ...asked, where: withHash(asked) })),
    incrementOne: (asked) => whenFree(() => adapter.incrementOne({ ...asked, where: withHash(asked) })),
  };
}
