import { SETTINGS } from './settings.ts';

const PREFIX = 'APPFLOW_';
/** Not settings of the server: what the command line and tests read. Unknown limits are errors, see `parseLimitSwitches`. */
const ALSO_KNOWN = /^APPFLOW_(?:API_KEY|TEST_\w+|LIMIT_\w+)$/;
/** What Kubernetes and Docker links set in each container beside a service called "appflow". */
const SERVICE_LINK = /^APPFLOW_(?:SERVICE_(?:HOST|PORT)|PORT(?:$|_\d+_(?:TCP|UDP)|_(?:TCP|UDP)))/;
/** More edits than this is another word rather than a typo. */
const EDITS_MAX = 4;

/**
 * Returns a warning for each `APPFLOW_…` variable that Appflow doesn't read, with the name that was probably meant: a
 * setting that is ignored silently may be the one that protects something.
 */
export function findUnknownVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  const names: readonly string[] = SETTINGS.map(({ name }) => name);
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !names.includes(name))
    .filter((name) => !ALSO_KNOWN.test(name) && !SERVICE_LINK.test(name))
    .map((name) => {
      const nearest = findNearest(name, names);
      return `${name} is not a setting, so it is ignored.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`;
    });
}

/** Returns the setting whose name takes the fewest edits, also if only its prefix is missing or superfluous. */
function findNearest(name: string, names: readonly string[]): string | undefined {
  const withEdits = names.map((known) => ({
    known,
    edits: Math.min(countEdits(name, known), countEdits(name, PREFIX + known)),
  }));
  const [nearest] = withEdits.sort((one, other) => one.edits - other.edits);
  return nearest !== undefined && nearest.edits <= EDITS_MAX ? nearest.known : undefined;
}

/** Returns the Levenshtein distance of two short texts. */
function countEdits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (const [index, wanted] of [...other].entries()) {
      const replaced = (row[index] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
