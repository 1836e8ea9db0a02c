/** One rejected field, as in the server's problem documents. */
export type FieldProblem = { field: string; code: string; message: string };

/** What the forms call the fields of requests. A path's parts are looked up one by one. */
const LABELS: Readonly<Record<string, string>> = {
  allowed_origins: 'allowed origins',
  allowed_sdks: 'SDKs',
  analytics: 'analytics',
  app_ids: 'apps',
  bundle_id: 'bundle ID',
  bundle_ids: 'bundle IDs',
  burst: 'burst',
  code: 'code',
  currency: 'currency',
  email: 'email',
  events: 'events',
  expires_at: 'expiry date',
  grace_seconds: 'grace period',
  ip: 'IP address',
  ip_allowlist: 'IP addresses',
  leaked_key_policy: 'what happens to leaked keys',
  management: 'management',
  max_key_lifetime_days: 'maximum key lifetime',
  name: 'name',
  new_password: 'new password',
  password: 'password',
  platform: 'platform',
  rate: 'per second',
  rate_limits: 'rate limits',
  requests: 'requests',
  role: 'role',
  scopes: 'scopes',
  timezone: 'time zone',
};

/** Returns the words for a path such as `ip_allowlist.0`: `IP addresses, entry 1`. */
export function wordsOf(path: string): string {
  const words = path.split('.').map((part) => {
    if (/^\d+$/.test(part)) return `entry ${Number(part) + 1}`;
    return LABELS[part] ?? part.replaceAll('_', ' ');
  });
  return words.join(', ');
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Returns the server's message without the path that it starts with; undefined if it starts otherwise. */
function withoutPath({ field, message }: FieldProblem): string | undefined {
  const names = [field, field.slice(field.lastIndexOf('.') + 1)];
  const name = names.find((one) => message.startsWith(`${one} `));
  return name === undefined ? undefined : message.slice(name.length + 1);
}

/** Returns one problem as a sentence that names the field as the forms do: a path of the API means nothing to people. */
export function describeFieldProblem(problem: FieldProblem): string {
  const rest = withoutPath(problem);
  return rest === undefined ? problem.message : sentence(`${wordsOf(problem.field)} ${rest}`);
}

/** The same to show beside the form field `field`, which is not named again: `Entry 2 must be …`. */
export function describeAtField(problem: FieldProblem, field: string): string {
  const rest = withoutPath(problem);
  if (rest === undefined) return problem.message;
  if (rest === 'is required.') return 'Required.';
  const inner = problem.field.slice(field.length + 1);
  return sentence(inner === '' ? rest : `${wordsOf(inner)} ${rest}`);
}
