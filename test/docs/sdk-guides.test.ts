import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  fillIn,
  PLATFORMS,
  renderSetup,
  type SdkSetup,
} from '../../dashboard/src/pages/docs/sdk-guides/sdk-guide.ts';
import { SDK_GUIDES } from '../../dashboard/src/pages/docs/sdk-guides/sdk-guides.ts';

// The quick start of the dashboard and docs/guides/sdks.md say the same.

const text = readFileSync(join(import.meta.dirname, '../../docs/guides/sdks.md'), 'utf8');
const EXAMPLE = { origin: 'https://appflow.example.com', key: 'ck_af1_…' };

/** Returns the cells of the rows in a section of the guide, without their code marks. */
function listRows(section: string): string[][] {
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| platform'));
  return rows.map((row) =>
    row
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.replaceAll('`', '')),
  );
}

const withoutBreaks = (value: string) => value.replaceAll(/\s+/g, ' ');

for (const { name, platforms, unsupported } of SDK_GUIDES) {
  const [, section = ''] = text.split(`\n## ${name}\n`);
  const [own = ''] = section.split('\n## ');
  const setups = PLATFORMS.flatMap((platform) => {
    const setup: SdkSetup | undefined = platforms[platform.id];
    return setup ? [{ ...platform, setup }] : [];
  });

  describe(`the guide of ${name}`, () => {
    it('has the install line, the settings and the first event of each platform of the quick start', () => {
      const expected = [
        ...setups.map(({ id, name: platform, setup: { install, settings } }) => {
          const where = id === 'swift' ? ' in Xcode' : '';
          return [platform, `${install}${where}`, fillIn(settings, EXAMPLE)];
        }),
        ...setups.map(({ name: platform, setup: { event } }) => [platform, event]),
      ];
      assert.deepEqual(listRows(own), expected);
    });

    it('says what is not supported, as the quick start does', () => {
      assert.ok(withoutBreaks(own).includes(`Not supported: ${unsupported}`), unsupported);
    });

    it('fills in the key and the address of the server, and leaves no placeholder', () => {
      const values = { origin: 'http://localhost:8080', key: 'ck_af1_AbCd…WxYz' };
      for (const { id, setup } of setups) {
        const code = renderSetup(setup, values);
        const settings = fillIn(setup.settings, values);
        assert.ok(code.includes(settings) && code.includes(setup.event), id);
        assert.ok(settings.includes(values.key) && settings.includes('localhost:8080'), id);
        assert.doesNotMatch(code, /\{(key|origin|host|settings)\}/, id);
      }
    });
  });
}
