/** A reproducible source of random numbers in [0, 1). */
export type Random = () => number;

/** Returns a source seeded by these names (FNV-1a for the seed, mulberry32 for the numbers). */
export function randomOf(...names: (string | number)[]): Random {
  let hash = 0x811c9dc5;
  for (const character of names.join('/')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  let state = hash >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Returns one of the choices, with probability proportional to its weight. */
export function pick<T>(random: Random, choices: readonly (readonly [T, number])[]): T {
  const whole = choices.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random() * whole;
  for (const [choice, weight] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  const [first] = choices;
  if (!first) throw new RangeError('There is nothing to pick from.');
  return first[0];
}
