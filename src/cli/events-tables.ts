import { BREAKDOWN_DEFINITIONS, LIVE_DEFINITIONS, METRIC_DEFINITIONS } from '../analytics/definitions.ts';
import { REJECTION_CURES } from '../events/ingest/rejection-cures.ts';

const toRows = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).map(([name, text]) => `| \`${name}\` | ${text} |`);

/** Returns the table of the codes of rejected events, generated from the codes that the server answers. */
export function renderRejections(): string {
  return ['| code | fix |', '|---|---|', ...toRows(REJECTION_CURES)].join('\n');
}

/** Returns a table of definitions for each query of analytics, as answers contain them in `meta.definitions`. */
export function renderDefinitions(): string {
  const queries = [
    ['daily', METRIC_DEFINITIONS],
    ['live', LIVE_DEFINITIONS],
    ['breakdown', BREAKDOWN_DEFINITIONS],
  ] as const;
  return queries
    .map(([name, texts]) => [`| ${name} | |`, '|---|---|', ...toRows(texts)].join('\n'))
    .join('\n\n');
}
