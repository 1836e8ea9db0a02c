export type Named = { id: string; name: string };

/** Returns the choices with all words of the text in their name, in any order, ignoring case. */
export function matchingChoices<Choice extends Named>(choices: readonly Choice[], text: string): Choice[] {
  const words = text.toLowerCase().split(/[\s_]+/);
  return choices.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
}

/** Returns the choice that a keyboard key moves to from the highlighted one; undefined for other keys. */
export function nextChoice(
  choices: readonly Named[],
  highlighted: string | undefined,
  key: string,
): string | undefined {
  const at = choices.findIndex(({ id }) => id === highlighted);
  const last = choices.length - 1;
  const positions: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(at + 1, last),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: last,
  };
  const position = Object.hasOwn(positions, key) ? positions[key] : undefined;
  return position === undefined ? undefined : choices[position]?.id;
}
