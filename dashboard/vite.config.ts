import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { DOCS_ENTRY, docsPages } from './docs/vite-plugin.ts';

const FIRST_PAINT = readFileSync(join(import.meta.dirname, 'src/first-paint.js'), 'utf8');

/**
 * Applies the theme before the first paint. A separate render-blocking file: the Content-Security-Policy refuses inline
 * scripts, and a module would run too late and flash.
 */
function firstPaint(): Plugin {
  let file = '/src/first-paint.js';
  return {
    name: 'first-paint',
    buildStart() {
      if (this.meta.watchMode) return;
      file = this.emitFile({ type: 'asset', name: 'first-paint.js', source: FIRST_PAINT });
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        const emitted = Object.keys(bundle ?? {}).find((name) => /first-paint-[\w-]+\.js$/.test(name));
        const src = emitted === undefined ? file : `/${emitted}`;
        return [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }];
      },
    },
  };
}

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);
const TEXT = /\.(js|css|html|svg|json)$/;

/** Writes `.br` and `.gz` next to every text file, so that the server never compresses while answering. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    async writeBundle({ dir = 'dist' }) {
      const files = (await readdir(dir, { recursive: true })).filter((name) => TEXT.test(name));
      await Promise.all(
        files.map(async (name) => {
          const path = join(dir, name);
          const bytes = await readFile(path);
          const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
          await writeFile(`${path}.br`, await toBrotli(bytes, quality));
          await writeFile(`${path}.gz`, await toGzip(bytes, { level: 9 }));
        }),
      );
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss(), firstPaint(), docsPages(), precompress()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    rolldownOptions: { input: { index: join(import.meta.dirname, 'index.html'), docs: DOCS_ENTRY } },
  },
  server: { proxy: { '/app/v1': 'http://127.0.0.1:8080', '/v1': 'http://127.0.0.1:8080' } },
});
