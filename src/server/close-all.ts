/** Closes everything in parallel, even if some fail, then throws the first failure. */
export async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  const ends = await Promise.allSettled(closers.map((close) => close()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** Closes everything in reverse order of opening, even if some fail, then throws the first failure unwrapped. */
export async function closeInReverse(opened: AsyncDisposableStack): Promise<void> {
  try {
    await opened.disposeAsync();
  } catch (error) {
    throw firstOf(error);
  }
}

/** The stack wraps earlier failures in later ones, under a message that does not say what failed. */
function firstOf(error: unknown): unknown {
  return error instanceof SuppressedError ? firstOf(error.suppressed) : error;
}
