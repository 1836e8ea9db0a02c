/** Whether objects and lists are nested in each other in more levels than this. Iterates: deep ones overflow the stack. */
export function isNestedDeeper(value: unknown, levelsMax: number): boolean {
  let level = [value].filter(isNested);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > levelsMax) return true;
    level = level.flatMap((one) => Object.values(one).filter(isNested));
  }
  return false;
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null;
