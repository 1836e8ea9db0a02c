import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Route } from '../api/route.ts';
import { SETTINGS, type Setting } from '../config/settings.ts';
import { VERSION } from '../config/version.ts';
import { describeApi } from '../http/openapi/describe-api.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../routes.ts';
import { createMemberTables, type MemberTables } from './api-tables.ts';
import { renderBounds } from './bounds.ts';
import { renderErrorDocs } from './error-docs.ts';
import { renderDefinitions, renderRejections } from './events-tables.ts';
import { renderLimitsTable } from './limits-table.ts';
import { renderRolesTable } from './roles-table.ts';

const DOCS_DIR = join(import.meta.dirname, '../../docs');

function renderConfiguration(): string {
  const rows = SETTINGS.map((setting: Setting) => {
    const { name, default: value, whenUnset = value, help } = setting;
    return `| \`${name}\` | ${whenUnset || 'none'} | ${help} |`;
  });
  return `# Configuration

Appflow is configured by environment variables only. All are optional and are read at start. All errors are reported together, and an
unknown \`APPFLOW_…\` variable is reported with the name that was probably meant.

| variable | default | description |
|---|---|---|
${rows.join('\n')}

## Built-in bounds

These cannot be changed. Normal use stays far below them; they keep one caller from exhausting what all callers share. KB, MB and GB are
powers of 1,000; KiB and MiB are powers of 1,024.

${renderBounds()}
`;
}

function renderTables(route: Route, { render }: MemberTables): string {
  return [
    render('query', route.query),
    render('body', route.body ?? route.rawBody),
    render('response', route.answer.schema),
  ].join('');
}

function renderExample(route: Route): string {
  if (route.example.body === undefined) return '';
  return `\n\`\`\`json\n${JSON.stringify(route.example.body, null, 2)}\n\`\`\`\n`;
}

function renderRoute(route: Route, tables: MemberTables): string {
  const access =
    route.access === 'public'
      ? 'No key required.'
      : `Requires: \`${route.access}\`, limit \`${route.limit}\`.`;
  const text = route.description === undefined ? '' : `\n${route.description}\n`;
  return `## ${route.method} ${route.path}\n\n${route.summary}. ${access}\n${text}${renderTables(route, tables)}${renderExample(route)}`;
}

function renderApi(): string {
  const intro =
    '# API\n\nAll routes of the API. `/openapi.json` is the machine-readable version, with all schemas and errors.\n';
  const tables = createMemberTables();
  const routes = ROUTES.map((route) => renderRoute(route, tables));
  return [intro, ...routes, `## Objects\n\n${tables.renderObjects()}`, renderDashboardRoutes()].join('\n');
}

const REQUIRED: Partial<Record<Route['access'], string>> = { anonymous: '-', signed_in: 'a session' };

/** The dashboard's own routes, in brief. Those that mirror the API are described above. */
function renderDashboardRoutes(): string {
  const own = DASHBOARD_ROUTES.filter(
    ({ path }) =>
      !ROUTES.some((route) => route.path.startsWith('/v1/') && path.endsWith(route.path.slice('/v1'.length))),
  );
  const rows = own.map(
    ({ method, path, access, selfParam, summary }) =>
      `| \`${method} ${path}\` | ${REQUIRED[access] ?? `\`${access}\``}${selfParam ? ', or being that member' : ''} | ${summary} |`,
  );
  return `## Dashboard API

The dashboard uses \`/app/v1\` with a session cookie instead of a key. It can change with the dashboard, so it is not part of
\`/openapi.json\`: programs use \`/v1\` with a key. Neither accepts the other's credential. \`/app/v1/projects/{project_id}/…\` has
every route above that needs a scope, with the same query, body and response; the person's role must include that scope.
Requests that change something must come from the dashboard's own \`Origin\` and, once signed in, send \`X-Appflow-CSRF\` with the
\`csrf_token\` of \`GET /app/v1/session\`.

| route | needs | description |
|---|---|---|
${rows.join('\n')}
`;
}

/** Returns a hand-written page with the table between its two markers replaced by a generated one. */
function fillIn(page: string, table: string): string {
  return readPage(join(DOCS_DIR, page)).replace(
    /(<!-- made by npm run docs -->\n)[\s\S]*?(<!-- end -->)/,
    (_, begin, end) => `${begin}\n${table}\n\n${end}`,
  );
}

/** The generated pages. `npm run docs` writes them; with `--check` it fails if one is out of date. */
const pages = {
  'errors.md': renderErrorDocs(),
  'configuration.md': renderConfiguration(),
  'api.md': renderApi(),
  'openapi.json': `${JSON.stringify(describeApi(ROUTES, VERSION), null, 1)}\n`,
  'guides/events.md': fillIn('guides/events.md', renderRejections()),
  'guides/metrics.md': fillIn('guides/metrics.md', renderDefinitions()),
  'guides/rate-limits.md': fillIn('guides/rate-limits.md', renderLimitsTable()),
  'guides/people.md': fillIn('guides/people.md', renderRolesTable()),
};

function readPage(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const isCheck = process.argv.includes('--check');
const stale = Object.entries(pages).filter(([name, text]) => readPage(join(DOCS_DIR, name)) !== text);
for (const [name, text] of isCheck ? [] : stale) writeFileSync(join(DOCS_DIR, name), text);
if (isCheck && stale.length > 0) {
  console.error(`Out of date, run npm run docs: ${stale.map(([name]) => `docs/${name}`).join(', ')}`);
  process.exit(1);
}
