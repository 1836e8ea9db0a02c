/** A mistake in how a command was called (exit code 2). The message says what to write instead. */
export class UsageError extends Error {
  override name = 'UsageError';
}
