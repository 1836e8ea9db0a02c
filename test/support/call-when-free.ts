import type { Answer, Api } from './harness.ts';
import { until } from './until.ts';

/** Sends a request until the server is not too busy for it: the machine may be. */
export async function callWhenFree(api: Api, ...request: Parameters<Api['call']>): Promise<Answer> {
  let answer = await api.call(...request);
  await until('the server has time', async () => {
    if (answer.body?.code !== 'overloaded') return true;
    answer = await api.call(...request);
    return false;
  });
  return answer;
}
