import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { type SdkProject, startSdkServer } from '../sdk/sdk-server.ts';
import { browserTest, startChromium } from '../support/chromium.ts';
import { cleanUp } from '../support/clean-up.ts';
import { startTlsFront } from '../support/tls-front.ts';
import { until } from '../support/until.ts';

// Segment's SDK for the web, with the settings of docs/guides/sdks.md. It always uses https.

const api = await startSdkServer();
const front = await startTlsFront(api.url);
const chromium = startChromium();

const PACKAGE = createRequire(import.meta.url).resolve('@segment/analytics-next/package.json');
const SDK = readFileSync(join(dirname(PACKAGE), 'dist/umd/index.js'), 'utf8');

/** Opens a page of another origin that loads the SDK. */
async function openShop({ clientKey }: SdkProject): Promise<Page> {
  const settings = { writeKey: clientKey, cdnURL: `https://${front.host}` };
  const start = `analytics = AnalyticsNext.AnalyticsBrowser.load(${JSON.stringify(settings)})`;
  const html = `<!doctype html><title>Shop</title><script>${SDK}</script><script>${start}</script>`;
  // Chromium lets only pages from this machine send to this machine.
  const shop = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(html);
  });
  shop.listen(0, '127.0.0.1');
  await once(shop, 'listening');
  cleanUp(() => {
    shop.close();
  });
  const { page } = await chromium.open({ ignoreHTTPSErrors: true });
  await page.goto(`http://127.0.0.1:${(shop.address() as AddressInfo).port}/`);
  return page;
}

const track = (page: Page, name: string) =>
  page.evaluate(`void analytics.track(${JSON.stringify(name)}, { revenue: 9.99, currency: 'EUR' })`);

const namesOf = async ({ list }: SdkProject) => (await list()).map(({ event_name }) => event_name).sort();

/** Returns how many events the SDK has stored in the browser for the next page. */
const countStored = (page: Page) =>
  page.evaluate(`Object.entries(localStorage)
    .filter(([name]) => name.endsWith('dest-Segment.io:items'))
    .reduce((sum, [, items]) => sum + JSON.parse(items).length, 0)`);

browserTest(
  "stores each event of Segment's SDK for the web once, though the server was away and the page was loaded again",
  async () => {
    const project = await api.addProject();
    const page = await openShop(project);
    await track(page, 'Page Opened');
    await until('the first event is stored', async () => (await namesOf(project)).length === 1);
    let failed = 0;
    page.on('requestfailed', () => {
      failed += 1;
    });
    await front.stop();
    const away = ['Cart Viewed', 'Checkout Started', 'Order Completed'];
    for (const name of away) await track(page, name);
    await until('the SDK has tried to send each event', () => failed >= away.length);
    await page.reload();
    assert.equal(await countStored(page), away.length, 'kept in the browser');
    assert.deepEqual(await namesOf(project), ['page_opened']);
    await front.restart();
    await page.reload();
    const all = ['cart_viewed', 'checkout_started', 'order_completed', 'page_opened'];
    await until('every event is stored', async () => (await namesOf(project)).length >= all.length);
    await track(page, 'Page Closed');
    await until('the SDK sends again', async () => (await namesOf(project)).includes('page_closed'));
    assert.deepEqual(await namesOf(project), [...all, 'page_closed'].sort());
    assert.equal(await countStored(page), 0, 'nothing is left to send');
  },
);
