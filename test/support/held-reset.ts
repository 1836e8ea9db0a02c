import { execFileSync } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { type CommandResult, startCli } from './child-processes.ts';

/** An `appflow secret reset` that waits right before it changes anything. */
export type HeldReset = { finish: () => Promise<CommandResult> };

/**
 * Starts to reset a secret, and resolves when the command keeps others out, as `isLocked` says. Until it may finish, it waits for the rest
 * of the lost secret in `secretFile`, which must not exist.
 */
export async function holdReset(
  env: Record<string, string>,
  secretFile: string,
  isLocked: () => boolean | Promise<boolean>,
): Promise<HeldReset> {
  execFileSync('mkfifo', [secretFile]);
  const { ended } = startCli(['secret', 'reset', '--yes'], env);
  const failed = ended.then(({ stderr }) => {
    throw new Error(`The reset ended early: ${stderr}`);
  });
  failed.catch(() => undefined);
  async function complete(pipe: FileHandle): Promise<void> {
    await pipe.write('truncated');
    await pipe.close();
  }
  for (;;) {
    // Resolves when the command reads the file: before it keeps others out, and again after.
    const pipe = await Promise.race([open(secretFile, 'w'), failed]);
    if (await isLocked()) return { finish: () => complete(pipe).then(() => ended) };
    await complete(pipe);
  }
}
