import { ApiError } from '../../api/errors.ts';
import { readCommandConfig } from '../../config/config.ts';
import { type ControlServices, openControlServices } from '../../server/open-services.ts';
import { printResult } from '../terminal/print.ts';
import { UsageError } from '../terminal/usage-error.ts';

/**
 * Runs a command on the control database, with or without a running server. API errors become plain messages: UsageError
 * for invalid fields, otherwise an Error with the reason.
 */
export async function withServices(run: (services: ControlServices) => Promise<string>): Promise<void> {
  const services = await openControlServices(readCommandConfig());
  try {
    printResult(await run(services));
  } catch (error) {
    throw error instanceof ApiError ? toPlainError(error) : error;
  } finally {
    await services.close();
  }
}

function toPlainError(error: ApiError): Error {
  if (error.code !== 'validation_failed') return new Error(error.message);
  const { errors } = error.members;
  if (!Array.isArray(errors)) return new UsageError(error.message);
  return new UsageError(errors.map(({ message }) => String(message)).join('\n'));
}
