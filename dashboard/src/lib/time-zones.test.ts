import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isTimeZone } from '../../../src/api/formats.ts';
import { browserZone, listZones, modernZone } from './time-zones.ts';

it('lists each time zone once, by its modern name, with UTC first', () => {
  const zones = listZones();
  assert.equal(zones[0], 'UTC');
  assert.equal(new Set(zones).size, zones.length);
  for (const modern of [
    'Asia/Kolkata',
    'Europe/Kyiv',
    'America/Nuuk',
    'America/Argentina/Buenos_Aires',
    'Asia/Yangon',
  ]) {
    assert.ok(zones.includes(modern), modern);
  }
  const old = zones.filter((name) => modernZone(name) !== name);
  assert.deepEqual(old, []);
});

it('offers only time zones that the server accepts', () => {
  assert.deepEqual(
    listZones().filter((name) => !isTimeZone(name)),
    [],
  );
  assert.ok(isTimeZone(browserZone()));
});

it('renames a zone only to one with the same time', () => {
  const timeIn = (timeZone: string, at: number) =>
    new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'long' }).format(at);
  const days = Array.from({ length: 24 }, (_, month) => Date.UTC(2025, month, 1));
  for (const name of Intl.supportedValuesOf('timeZone')) {
    for (const day of days) assert.equal(timeIn(modernZone(name), day), timeIn(name, day), name);
  }
});
