export type Named = { id: string; name: string };

/** Returns the choices with the text in their name, ignoring case. */
export function matchingChoices<Choice extends Named>(choices: readonly Choice[], text: string): Choice[] {
  const needle = text.trim().toLowerCase();
  return choices.filter(({ name }) => name.toLowerCase().includes(needle));
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
