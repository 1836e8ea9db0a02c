export type Named = { id: string; name: string };

/** Returns those whose names hold the text, whatever its capitals. */
export function matchingChoices<Choice extends Named>(choices: readonly Choice[], text: string): Choice[] {
  const wanted = text.trim().toLowerCase();
  return choices.filter(({ name }) => name.toLowerCase().includes(wanted));
}

/** Returns the id that a key leads to from the one that is marked; undefined for keys that lead nowhere. */
export function nextChoice(
  choices: readonly Named[],
  marked: string | undefined,
  key: string,
): string | undefined {
  const at = choices.findIndex(({ id }) => id === marked);
  const last = choices.length - 1;
  const places: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(at + 1, last),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: last,
  };
  const place = Object.hasOwn(places, key) ? places[key] : undefined;
  return place === undefined ? undefined : choices[place]?.id;
}
