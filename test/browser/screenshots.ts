import { mkdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { runDemo } from '../../src/cli/demo.ts';
import { readConfig } from '../../src/config/config.ts';
import { startServer } from '../../src/server/start.ts';
import { untilLoaded } from '../support/chromium.ts';

// Run by `npm run screenshots`: takes the README screenshots of demo data in a separate folder.
const IMAGES = join(import.meta.dirname, '../../docs/images');
const BYTES_MAX = 400 * 1_024;
const SIZE = { width: 1_440, height: 900 };

/** Signs in with a temporary browser. The screenshot shows the name of the account. */
async function takePictures(url: string, setupUrl: string, projectId: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', chromiumSandbox: false });
  try {
    const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce' });
    await page.goto(setupUrl);
    await page.getByLabel('Your name').fill('You');
    await page.getByLabel('Email').fill('owner@example.com');
    await page.getByLabel('Password', { exact: true }).fill(crypto.randomUUID());
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('navigation', { name: 'Project' }).waitFor();
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.goto(`${url}/p/${projectId}/overview`);
      await untilLoaded(page);
      await page.waitForLoadState('networkidle');
      const path = join(IMAGES, `overview-${theme}.png`);
      await page.screenshot({ path });
      const { size } = statSync(path);
      if (size > BYTES_MAX) throw new Error(`${path} has ${size} bytes, more than ${BYTES_MAX}.`);
    }
  } finally {
    await browser.close();
  }
}

async function main(): Promise<void> {
  mkdirSync(IMAGES, { recursive: true });
  const dataDir = await mkdtemp(join(tmpdir(), 'appflow-screenshots-'));
  try {
    const config = readConfig({ APPFLOW_DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'error' });
    const { state } = await runDemo(config, {}, Date.now(), new AbortController().signal);
    const server = await startServer(config);
    try {
      if (server.setupUrl === undefined) throw new Error('There is an account already.');
      await takePictures(server.url, server.setupUrl, state.projectId);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

await main();
