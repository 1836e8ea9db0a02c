import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { FILTERS } from '../../src/analytics/query.ts';
import { BATCH_BODY } from '../../src/events/ingest/batch-schema.ts';
import { CONTEXT_KEYS } from '../../src/events/ingest/context.ts';
import { EVENT_KEYS } from '../../src/events/ingest/event.ts';
import { BATCH_BYTES_MAX } from '../../src/events/ingest/ingest.ts';
import { isPlaceholderAppUserId } from '../../src/events/ingest/placeholder.ts';
import { WARNING_CODES } from '../../src/events/ingest/warnings.ts';
import { EVENTS_PER_BATCH_MAX } from '../../src/limits/policies.ts';

const guide = (name: string) =>
  readFileSync(join(import.meta.dirname, `../../docs/guides/${name}.md`), 'utf8');
const events = guide('events');

/** Returns the names in the first column of the tables in a section, up to the next heading. */
function namesIn(heading: string): string[] {
  const [, section = ''] = events.split(`${heading}\n`);
  const rows = section.split(/\n#/)[0]?.matchAll(/^\| (`[^|]*`) \|/gm) ?? [];
  return [...rows].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
}

it('the events guide describes every field of a batch, an event and its context, and no other', () => {
  assert.deepEqual(namesIn('### The batch').sort(), Object.keys(BATCH_BODY.properties).sort());
  assert.deepEqual(namesIn('### The event').sort(), [...EVENT_KEYS].sort());
  assert.deepEqual(namesIn('## Context').sort(), [...CONTEXT_KEYS].sort());
});

it('the events guide lists every warning, and no other', () => {
  assert.deepEqual(namesIn('### Warnings').sort(), WARNING_CODES.toSorted());
});

it('the events guide names the limits that apply', () => {
  assert.ok(events.includes(`at most ${EVENTS_PER_BATCH_MAX.toLocaleString('en')} events`));
  assert.ok(events.includes(`5 MB (${BATCH_BYTES_MAX.toLocaleString('en')} bytes)`));
});

it('the events guide lists only placeholders that are rejected', () => {
  const [, list = ''] = /`placeholder_app_user_id`: ([\s\S]*?), in any case/.exec(events) ?? [];
  const named = [...list.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  assert.equal(named.length, 15);
  for (const text of named) assert.ok(isPlaceholderAppUserId(text), text);
});

it('the metrics guide names every filter', () => {
  const [, section = ''] = guide('metrics').split('## Filters\n');
  for (const name of FILTERS) assert.ok(section.includes(`\`${name}\``), name);
});
