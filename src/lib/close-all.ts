/** Closes all at the same time, each though another fails; then throws the first of them that failed. */
export async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  const ends = await Promise.allSettled(closers.map((close) => close()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** Closes what was opened, last first, each though another fails; then throws what failed first, as it was thrown. */
export async function closeInReverse(opened: AsyncDisposableStack): Promise<void> {
  try {
    await opened.disposeAsync();
  } catch (error) {
    throw firstOf(error);
  }
}

/** A stack tells several failures as the last one around the ones before, under a message that says nothing. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}
