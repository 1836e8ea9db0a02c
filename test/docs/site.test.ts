import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { listBundledFiles } from '../../dashboard/bundled-files.ts';
import { buildSearchIndex } from '../../dashboard/docs/build-search-index.ts';
import { addressOf, renderLayout } from '../../dashboard/docs/layout.ts';
import { listOperations, type OpenApi } from '../../dashboard/docs/reference/openapi.ts';
import { readSearchIndex, type SearchEntry } from '../../dashboard/docs/search.ts';
import { buildPages } from '../../dashboard/docs/site.ts';
import { listSourceFiles } from '../../dashboard/docs/table-of-contents.ts';
import { ERRORS } from '../../src/api/error-codes.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const ASSETS = {
  script: '/s.js',
  style: '/s.css',
  firstPaint: '/f.js',
  icon: '/i.svg',
  searchIndex: '/i.json',
};

const pages = buildPages();
const html = new Map(pages.map((page) => [addressOf(page.slug), renderLayout(page, pages, ASSETS)]));
const idsOf = new Map(
  [...html].map(([address, text]) => [
    address,
    new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
  ]),
);

/** Paths of the server that are no pages of the docs. */
const ELSEWHERE = new Set(['/', '/openapi.json', ...Object.values(ASSETS)]);

/** Returns why a link leads nowhere; undefined if it leads somewhere. */
function findFault(from: string, href: string): string | undefined {
  if (/^https:\/\//.test(href) || ELSEWHERE.has(href)) return undefined;
  const [path = '', anchor] = href.split('#');
  const ids = idsOf.get(path === '' ? from : path);
  if (!ids) return `${from}: ${href}: no such page`;
  return anchor === undefined || ids.has(anchor) ? undefined : `${from}: ${href}: no such heading`;
}

describe('the pages of the docs', () => {
  it('link only to pages and headings that exist', () => {
    const faults = [...html].flatMap(([address, text]) =>
      [...text.matchAll(/ (?:href|src)="([^"]+)"/g)].flatMap(
        ([, href = '']) => findFault(address, href) ?? [],
      ),
    );
    assert.deepEqual([...new Set(faults)], []);
  });

  it('name each ID once', () => {
    const repeated = [...html].flatMap(([address, text]) => {
      const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id);
      return ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${address}#${id}`);
    });
    assert.deepEqual(repeated, []);
  });

  it('are found by search, each section once, by its own heading and text', () => {
    const json = buildSearchIndex(pages);
    const index = readSearchIndex(json);
    const [first, ...rest] = index
      .search('rotate api key')
      .map(({ url, heading, text }) => ({ url, heading, text }));
    assert.equal(first?.url, '/docs/api/api-keys#rotateApiKey');
    assert.equal(first?.heading, 'Rotate an API key');
    assert.match(String(first?.text), /^POST \/v1\/api-keys\/\{id\}\/rotate Creates a new secret/);
    assert.ok(rest.some(({ url }) => url === '/docs/authentication#rotate-without-downtime'));
    const { storedFields } = JSON.parse(json) as { storedFields: Record<string, SearchEntry> };
    const urls = Object.values(storedFields).map(({ url }) => url);
    assert.deepEqual(urls.length, new Set(urls).size);
  });

  it('load nothing from another host, and have no inline script', () => {
    for (const [address, text] of html) {
      assert.doesNotMatch(text, /<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?\/\//, address);
      assert.doesNotMatch(text, /<script(?![^>]* src=)| on\w+="/, address);
    }
  });

  it('contain every guide and reference page, and all that the README lists for people who use Appflow', () => {
    const [, list = ''] = read('README.md').split('\n## Documentation\n');
    const listed = [...(list.split('\nProject:\n')[0] ?? '').matchAll(/\]\(([^)]+\.md)\)/g)].map(
      ([, file = '']) => file,
    );
    const files = [...globSync(['docs/*.md', 'docs/guides/*.md'], { cwd: ROOT }), ...listed];
    assert.deepEqual(
      files.filter((file) => !listSourceFiles().includes(file)),
      [],
      'list it under Documentation in README.md, as "- [Label](file): summary"',
    );
  });

  it('describe every operation once, with a request in four languages and a recorded answer', () => {
    const api: OpenApi = JSON.parse(read('docs/openapi.json'));
    const text = pages.map((page) => page.html).join('');
    for (const { operationId, path } of listOperations(api)) {
      const sections = text.split(`<section class="operation" id="${operationId}"`);
      assert.equal(sections.length, 2, operationId);
      const [section = ''] = sections[1]?.split('</section>') ?? [];
      for (const language of ['curl', 'javascript', 'swift', 'kotlin'])
        assert.match(section, new RegExp(`data-language="${language}"`), operationId);
      if (path !== '/openapi.json') assert.match(section, />Response: 20\d/, operationId);
    }
  });

  it('have a heading for each error code, which the `type` of every error names', () => {
    const ids = idsOf.get('/docs/errors');
    for (const code of Object.keys(ERRORS)) assert.ok(ids?.has(code), code);
  });
});

it('the dashboard links to pages and headings of the docs that exist', () => {
  const links = globSync('dashboard/src/**/*.tsx', { cwd: ROOT }).flatMap((file) =>
    [...read(file).matchAll(/(?:docs=|href: )["'](\/docs[^"']*)["']/g)].map(([, href = '']) => ({
      file,
      href,
    })),
  );
  assert.ok(links.length > 15);
  assert.deepEqual(
    links.flatMap(({ file, href }) => findFault(file, href) ?? []),
    [],
  );
});

it('every page of the dashboard links to its documentation', () => {
  const without = globSync('dashboard/src/pages/**/*.tsx', { cwd: ROOT }).filter((file) => {
    const [, ...uses] = read(file).split('<Page\n');
    const text = read(file);
    return (uses.length > 0 || text.includes('<Page ')) && !text.includes('docs="/docs/');
  });
  assert.deepEqual(without, []);
});

it('a change of any page or of the renderer rebuilds the site at the next start', () => {
  const files = listBundledFiles();
  for (const file of [
    '../README.md',
    '../docs/guides/metrics.md',
    '../docs/answers.json',
    'docs/markdown.ts',
    'docs/styles/docs.css',
  ])
    assert.ok(files.includes(file), file);
});
