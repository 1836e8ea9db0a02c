import { ConfigError, readConfig } from './config.ts';
import { startServer } from './server.ts';

try {
  const server = await startServer(readConfig());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`Appflow did not stop cleanly: ${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
  // Last: whoever reads this line may stop the server at once, and that must be a clean stop already.
  process.stdout.write(`Appflow is ready on ${server.url}\n`);
  if (server.isNew) {
    process.stdout.write(
      'There is no project yet. Make one: npm run --silent appflow -- init --project "My App"\n',
    );
  }
} catch (error) {
  const isMistake = error instanceof ConfigError;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(isMistake ? 2 : 1);
}
