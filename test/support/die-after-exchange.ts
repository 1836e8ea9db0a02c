import type { Gateway } from '../../src/warehouse/engine/gateway.ts';

/**
 * Returns a gateway whose caller never continues after it has replaced a table, as if its process were killed there.
 * `replaced` resolves at that moment.
 */
export function dieAfterExchange(gateway: Gateway): { dying: Gateway; replaced: Promise<void> } {
  const { promise: replaced, resolve } = Promise.withResolvers<void>();
  const dying: Gateway = {
    ...gateway,
    async command(sql) {
      await gateway.command(sql);
      if (!sql.startsWith('EXCHANGE')) return;
      resolve();
      await new Promise(() => undefined);
    },
  };
  return { dying, replaced };
}
