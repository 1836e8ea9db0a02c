import { escapeValue } from '../../lib/text/visible-text.ts';
import { count } from '../terminal/count.ts';
import { listMerged, listRenamed } from './event-tally.ts';
import type { ExportFormat } from './formats/format.ts';
import type { Mapping } from './mapping-tally.ts';
import type { NameCounts } from './name-counter.ts';

/** How many names are listed in text; JSON has all that were counted. */
const NAMES_SHOWN = 20;

const toIso = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

const countRejected = ({ rejections }: Mapping): number =>
  rejections.reduce((sum, rejection) => sum + rejection.count, 0);

/** Returns a mapping as members of a JSON answer. */
export function toMappingJson(mapping: Mapping): Record<string, unknown> {
  const { rows, events, links, ignored, ignoredNames, people, names, otherNames } = mapping;
  const { userProperties, userPropertyUpdates, unknownCountries } = mapping;
  return {
    rows,
    events,
    links,
    user_property_updates: userPropertyUpdates,
    user_properties: toCountsJson(userProperties),
    updates_of_other_user_properties: userProperties.others,
    session_marks: mapping.sessionMarks,
    ignored,
    ignored_by_name: toCountsJson(ignoredNames),
    ignored_with_other_names: ignoredNames.others,
    unknown_countries: toCountsJson(unknownCountries),
    other_unknown_countries: unknownCountries.others,
    names,
    events_of_other_names: otherNames,
    merged: listMerged(mapping),
    people: people.people,
    people_exact: people.isExact,
    first: toIso(mapping.firstMs),
    last: toIso(mapping.lastMs),
  };
}

const toCountsJson = ({ counts }: NameCounts) =>
  Object.fromEntries(counts.map(({ name, count }) => [name, count]));

/** Returns the result of a dry run as one JSON line. */
export const renderDryRunJson = (format: ExportFormat, mapping: Mapping): string =>
  JSON.stringify({
    dry_run: true,
    from: format.name,
    lines: mapping.lines,
    ...toMappingJson(mapping),
    rejected: countRejected(mapping),
    rejections: mapping.rejections.map(({ count, first: { line, code, message } }) => ({
      code,
      count,
      first_line: line,
      message,
    })),
  });

/** Returns the result of a dry run as text. */
export function renderDryRun(format: ExportFormat, mapping: Mapping): string {
  const { lines } = mapping;
  return [
    `Dry run: ${count(lines, 'line')} from ${format.product}. Nothing was sent.`,
    ...listMapped(mapping),
    ...listNames(mapping),
    ...listRejections(mapping),
  ].join('\n');
}

/** Returns what became of the rows of a finished import, as lines of text. */
export const renderMapping = (mapping: Mapping): string =>
  [...listMapped(mapping), ...listNames(mapping)].join('\n');

function listMapped(mapping: Mapping): string[] {
  const { events, links, people, userProperties, userPropertyUpdates, ignored, ignoredNames } = mapping;
  const first = toIso(mapping.firstMs);
  const span = first === null ? '' : `, from ${first} to ${toIso(mapping.lastMs)}`;
  const { sessionMarks, unknownCountries } = mapping;
  const about = people.isExact ? '' : 'about ';
  return [
    `  ${count(events, 'event')} of ${about}${count(people.people, 'person', 'people')}${span}`,
    `  ${count(links, 'link')} between two IDs of a person`,
    `  ${count(userPropertyUpdates, 'update')} of user properties${renderCounts(userProperties)}`,
    ...(sessionMarks > 0
      ? [`  ${count(sessionMarks, 'session start or end', 'session starts and ends')}`]
      : []),
    `  ${ignored} ignored${renderCounts(ignoredNames)}`,
    ...(unknownCountries.counts.length > 0 ? [`  Unknown countries${renderCounts(unknownCountries)}`] : []),
  ];
}

function renderCounts({ counts, others }: NameCounts): string {
  if (counts.length === 0) return '';
  const shown = counts.slice(0, NAMES_SHOWN).map(({ name, count }) => `${escapeValue(name)} ${count}`);
  const more =
    counts.length > NAMES_SHOWN || others > 0
      ? [`and ${counts.length - shown.length}${others > 0 ? '+' : ''} more`]
      : [];
  return `: ${[...shown, ...more].join(', ')}`;
}

function listNames(mapping: Mapping): string[] {
  const renamed = listRenamed(mapping);
  const merged = listMerged(mapping);
  return [
    ...section(
      'Names that change:',
      renamed.map(({ from, to, events }) => `${escapeValue(from)} → ${to} (${events})`),
    ),
    ...section(
      'Names that become the same:',
      merged.map(({ name, from }) => `${name}: ${renderNames(from)}`),
    ),
  ];
}

function renderNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(escapeValue);
  const more = names.length > NAMES_SHOWN ? [`and ${names.length - NAMES_SHOWN} more`] : [];
  return [...shown, ...more].join(', ');
}

function listRejections(mapping: Mapping): string[] {
  const reasons = mapping.rejections.map(
    ({ count, first: { line, code, message } }) =>
      `${code} ${count}, first in line ${line}: ${escapeValue(message)}`,
  );
  return section(`Rejected: ${countRejected(mapping)}`, reasons);
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > NAMES_SHOWN ? [`… and ${lines.length - NAMES_SHOWN} more`] : [];
  return [title, ...[...lines.slice(0, NAMES_SHOWN), ...more].map((line) => `  ${line}`)];
}
