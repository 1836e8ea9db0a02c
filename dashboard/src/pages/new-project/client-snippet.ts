/** Returns the lines that send a first event with `@appflow/client`. */
export function clientSnippet({
  origin,
  appId,
  key,
}: {
  origin: string;
  appId: string;
  key: string;
}): string {
  return [
    "import { Appflow } from '@appflow/client';",
    '',
    'const appflow = new Appflow({',
    `  apiKey: '${key}',`,
    `  baseUrl: '${origin}',`,
    `  appId: '${appId}',`,
    '});',
    "appflow.track('app_open');",
  ].join('\n');
}
