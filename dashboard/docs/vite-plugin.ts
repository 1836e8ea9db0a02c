import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { buildSearchIndex } from './build-search-index.ts';
import { renderLayout } from './layout.ts';
import { buildPages } from './site.ts';

/** The script of the pages: an entry of the build. */
export const DOCS_ENTRY = join(import.meta.dirname, 'browser/main.ts');

const ICON = join(import.meta.dirname, '../src/favicon.svg');

/** Adds the documentation to the build: `docs/SLUG.html` per page, whose files are in `assets/` like those of the dashboard. */
export function docsPages(): Plugin {
  return {
    name: 'docs-pages',
    apply: 'build',
    generateBundle(_options, bundle) {
      const pages = buildPages();
      const emitAsset = (name: string, source: string) =>
        `/${this.getFileName(this.emitFile({ type: 'asset', name, source }))}`;
      const files = Object.values(bundle);
      const entry = files.find((file) => file.type === 'chunk' && file.isEntry && file.name === 'docs');
      const style = files.find(({ fileName }) => /\/docs-[\w-]+\.css$/.test(fileName));
      const firstPaint = files.find(({ fileName }) => /\/first-paint-[\w-]+\.js$/.test(fileName));
      if (!entry || !style || !firstPaint) this.error('The script or the style of the docs is missing.');
      const assets = {
        script: `/${entry.fileName}`,
        style: `/${style.fileName}`,
        firstPaint: `/${firstPaint.fileName}`,
        icon: emitAsset('docs-icon.svg', readFileSync(ICON, 'utf8')),
        searchIndex: emitAsset('search-index.json', buildSearchIndex(pages)),
      };
      for (const page of [...pages, NOT_FOUND]) {
        const fileName = `docs/${page.slug || 'index'}.html`;
        this.emitFile({ type: 'asset', fileName, source: renderLayout(page, pages, assets) });
      }
    },
  };
}

/** The server shows it at unknown addresses under `/docs`. */
const NOT_FOUND = {
  slug: 'not-found',
  label: '',
  title: 'Page not found',
  summary: '',
  section: 'Docs',
  html: '<p>There is no page at this address. Search, or <a href="/docs">see all pages</a>.</p>',
  headings: [],
  isReference: false,
};
