import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DockerfileParser,
  type Instruction,
  type JSONInstruction,
  type PropertyInstruction,
} from 'dockerfile-ast';

/** The folder that images are built from. */
export const REPOSITORY = join(import.meta.dirname, '../..');

/** One instruction. `json` are the strings of its JSON form; empty for the shell form. */
export type Step = {
  keyword: string;
  flags: Readonly<Record<string, string>>;
  args: readonly string[];
  json: readonly string[];
  text: string;
};

/** What one FROM begins. */
export type Stage = { image: string; name: string; steps: readonly Step[] };

function toStep(instruction: Instruction): Step {
  const { getFlags, getJSONStrings } = instruction as Partial<JSONInstruction>;
  const flags = (getFlags?.call(instruction) ?? []).map((flag) => [flag.getName(), flag.getValue() ?? '']);
  return {
    keyword: instruction.getKeyword(),
    flags: Object.fromEntries(flags),
    args: instruction.getArguments().map((argument) => argument.getValue()),
    json: (getJSONStrings?.call(instruction) ?? []).map((text) => text.getJSONValue()),
    text: instruction.getArgumentsContent() ?? '',
  };
}

/** Returns the stages of a Dockerfile. */
export function parseStages(dockerfile: string): Stage[] {
  const stages: (Stage & { steps: Step[] })[] = [];
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    const step = toStep(instruction);
    const [image = '', , name = ''] = step.args;
    if (step.keyword === 'FROM') stages.push({ image, name, steps: [] });
    else stages.at(-1)?.steps.push(step);
  }
  return stages;
}

/** Returns the variables that the last stage sets. */
export function listVariables(dockerfile: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    if (instruction.getKeyword() === 'FROM')
      for (const name of Object.keys(variables)) delete variables[name];
    if (instruction.getKeyword() !== 'ENV') continue;
    for (const property of (instruction as PropertyInstruction).getProperties())
      variables[property.getName()] = property.getValue() ?? '';
  }
  return variables;
}

/** Returns the last step of a stage with this keyword. Throws if there is none. */
export function getStep({ steps }: Stage, keyword: string): Step {
  const step = steps.findLast((one) => one.keyword === keyword);
  if (step === undefined) throw new Error(`The Dockerfile has no ${keyword}.`);
  return step;
}

/** Returns whether a `.dockerignore` includes a file or folder, by its path in the context; a folder also if it may include parts of it. */
export function createContextFilter(ignore: string): (path: string, isFolder: boolean) => boolean {
  const rules = ignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ isIncluded: line.startsWith('!'), glob: line.replace('!', '') }))
    .map((rule) => ({ ...rule, pattern: toPattern(rule.glob) }));
  return (path, isFolder) =>
    (rules.findLast(({ pattern }) => pattern.test(path))?.isIncluded ?? true) ||
    (isFolder && rules.some(({ isIncluded, glob }) => isIncluded && glob.startsWith(`${path}/`)));
}

/** A pattern also applies to everything in the folder that it matches, and its stars to names that start with a dot. */
function toPattern(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(
    `^${escaped.replaceAll(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(?:.*/)?'))}(?:/|$)`,
  );
}

/** Returns a file of the repository. */
export const readRepositoryFile = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8');
