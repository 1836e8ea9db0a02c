/** Returns the URL of a server, which is never quoted in a mistake: it may contain a password. */
function parseServerUrl(
  [name, text]: [string, string | undefined],
  { protocol, example }: { protocol: RegExp; example: string },
  mistakes: string[],
): string | undefined {
  const url = text && URL.canParse(text) ? new URL(text) : undefined;
  const isUsable = url !== undefined && protocol.test(url.protocol) && url.hostname !== '';
  if (text && !isUsable) mistakes.push(`${name} must be a URL such as ${example}.`);
  return isUsable ? text : undefined;
}

/** Returns `REDIS_URL`. */
export function parseRedisUrl(text: string | undefined, mistakes: string[]): string | undefined {
  const form = { protocol: /^rediss?:$/, example: 'redis://127.0.0.1:6379' };
  return parseServerUrl(['REDIS_URL', text], form, mistakes);
}

/** Returns `DATABASE_URL`. */
export function parseDatabaseUrl(text: string | undefined, mistakes: string[]): string | undefined {
  const form = {
    protocol: /^postgres(ql)?:$/,
    example: 'postgres://appflow:password@127.0.0.1:5432/appflow',
  };
  return parseServerUrl(['DATABASE_URL', text], form, mistakes);
}

/** Returns `CLICKHOUSE_URL`. */
export function parseClickhouseUrl(text: string | undefined, mistakes: string[]): string | undefined {
  const form = { protocol: /^https?:$/, example: 'http://appflow:password@127.0.0.1:8123' };
  const url = parseServerUrl(['CLICKHOUSE_URL', text], form, mistakes);
  if (url === undefined) return undefined;
  const { pathname, search } = new URL(url);
  if (pathname !== '/' || search !== '')
    mistakes.push('CLICKHOUSE_URL must end after the port: the database is always `appflow`.');
  return url;
}

/** Returns `APPFLOW_NODE_URL` without a trailing slash, if `env` has what nodes share. */
export function parseNodeUrl(
  text: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  mistakes: string[],
): string | undefined {
  const form = { protocol: /^http:$/, example: 'http://10.0.0.5:4001' };
  const url = parseServerUrl(['APPFLOW_NODE_URL', text], form, mistakes);
  if (url === undefined) return undefined;
  const { origin, port, href } = new URL(url);
  if (href !== `${origin}/` || port === '')
    mistakes.push('APPFLOW_NODE_URL must be http://, a host and a port, which other nodes can reach.');
  if (!env.DATABASE_URL || !env.CLICKHOUSE_URL || !(env.APPFLOW_SECRET || env.APPFLOW_SECRET_FILE))
    mistakes.push(
      'APPFLOW_NODE_URL requires DATABASE_URL, CLICKHOUSE_URL and APPFLOW_SECRET (or APPFLOW_SECRET_FILE): all nodes share them.',
    );
  return origin;
}
