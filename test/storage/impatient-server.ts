import { readConfig } from '../../src/config/config.ts';
import { watchServices } from '../../src/http/metrics/sources.ts';
import { startOpenServer } from '../support/open-server.ts';

// A server with the real limits of the writer's statements, but for their length: 2 s and 6 s, not 30 s and 300 s.
const statementLimits = { tickMs: 100, overdueTicks: 20, stuckTicks: 60 };

const config = readConfig();
const { url, services } = await startOpenServer(config, undefined, undefined, undefined, { statementLimits });
watchServices(services);
process.stdout.write(`Appflow is ready on ${url}\n`);
