/** Values for the commands of the quick start. */
export type CommandContext = { origin: string; appId: string };

const quoted = (value: unknown) => `'${JSON.stringify(value)}'`;

/** Returns the command that sets the keys as environment variables, to be completed by hand. */
export function exportCommand(): string {
  return 'export CLIENT_KEY=ck_af1_…  READ_KEY=ro_af1_…  SERVER_KEY=sk_af1_…';
}

/** Returns the command that sends a first event with a client key. */
export function sendCommand({ origin, appId }: CommandContext): string {
  const event = { event_id: 'first-1', event_name: 'app_open', app_user_id: 'user_123' };
  return [
    `curl ${origin}/v1/events \\`,
    '  -H "Authorization: Bearer $CLIENT_KEY" -H "Content-Type: application/json" \\',
    `  -d ${quoted({ app_id: appId, events: [event] })}`,
  ].join('\n');
}

/** Returns the command that queries the last week with a read-only key. */
export function queryCommand({ origin, appId }: CommandContext): string {
  return `curl "${origin}/v1/analytics/daily?app_id=${appId}&days=7" \\\n  -H "Authorization: Bearer $READ_KEY"`;
}

/** Returns the command that sends a purchase from a backend: its revenue counts as verified. */
export function purchaseCommand({ origin, appId }: CommandContext): string {
  const properties = { product_id: 'pro_monthly', revenue: '9.99', currency: 'USD' };
  const event = {
    event_id: '0b9f1c52-6d0e-4f6e-9a3b-7c1d2e8f4a60',
    event_name: 'purchase_complete',
    app_user_id: 'user_123',
    properties,
  };
  return [
    `curl ${origin}/v1/events \\`,
    '  -H "Authorization: Bearer $SERVER_KEY" -H "Content-Type: application/json" \\',
    `  -d ${quoted({ app_id: appId, events: [event] })}`,
  ].join('\n');
}

/** Returns the command that imports a file of events. */
export function importCommand({ origin, appId }: CommandContext): string {
  return `APPFLOW_API_KEY=$SERVER_KEY npm run --silent appflow -- \\\n  import events.ndjson.gz --app-id ${appId} --url ${origin}`;
}
