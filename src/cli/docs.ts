import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Route } from '../api/route.ts';
import { SETTINGS, type Setting } from '../config/settings.ts';
import { renderErrorDocs } from '../http/error-docs.ts';
import { DASHBOARD_ROUTES, ROUTES } from '../routes.ts';
import { createMemberTables, type MemberTables } from './api-tables.ts';
import { renderBounds } from './bounds.ts';
import { renderLimitsTable } from './limits-table.ts';
import { renderRolesTable } from './roles-table.ts';

const DOCS_DIR = join(import.meta.dirname, '../../docs');

function renderConfiguration(): string {
  const rows = SETTINGS.map((setting: Setting) => {
    const { name, default: value, whenUnset = value, help } = setting;
    return `| \`${name}\` | ${whenUnset || '-'} | ${help} |`;
  });
  return `# Configuration

Environment variables only, all optional, read once at start; every mistake is reported at once.

| variable | default | what it does |
|---|---|---|
${rows.join('\n')}

## Built-in bounds

These cannot be changed. Normal use stays far below them; they stop one caller from using up what everyone shares.

${renderBounds()}
`;
}

function renderTables(route: Route, { render }: MemberTables): string {
  return [
    render('query', route.query),
    render('body', route.body ?? route.rawBody),
    render('answer', route.answer.schema),
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
    ({ path }) => !ROUTES.some((route) => path.endsWith(route.path.slice(3))),
  );
  const rows = own.map(
    ({ method, path, access, selfParam, summary }) =>
      `| \`${method} ${path}\` | ${REQUIRED[access] ?? `\`${access}\``}${selfParam ? ', or being that member' : ''} | ${summary} |`,
  );
  return `## Dashboard API

The dashboard uses \`/app/v1\`, with a session cookie instead of an API key. These routes change with the dashboard and are not
part of \`/openapi.json\`: programs use \`/v1\` with a key. Keys are not accepted under \`/app/v1\`, nor sessions under \`/v1\`.
\`/app/v1/projects/{project_id}/…\` has every route above that requires a scope, with the same query, body and answer; the role
of a member determines the scopes. Requests that change something require the \`Origin\` of the dashboard and, once signed in,
\`X-Appflow-CSRF\` with the \`csrf_token\` of \`GET /app/v1/session\`.

| other routes | requires | description |
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
