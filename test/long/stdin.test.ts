import { test } from 'node:test';
import { appendOnOpenPipe } from '../storage/stdin-starts.ts';

test('parallel inserts never wait for a standard input that is an open pipe, in a hundred starts', async () => {
  await Promise.all([appendOnOpenPipe(50), appendOnOpenPipe(50)]);
});
