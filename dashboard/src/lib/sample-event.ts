/** Returns a `curl` command that sends one event. The key is a placeholder: no page ever has one. */
export function sampleEventCommand(origin: string, appId: string): string {
  return [
    `curl ${origin}/v1/events \\`,
    "  -H 'Authorization: Bearer YOUR_API_KEY' \\",
    "  -H 'Content-Type: application/json' \\",
    `  -d '{"app_id":"${appId}",`,
    '       "events":[{"event_name":"app_open",',
    `                  "app_user_id":"user_123"}]}'`,
  ].join('\n');
}
