import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failureOf } from '../../../test/client/scripted-clients.ts';
import type { ExportFormat } from '../api/list.ts';
import { readExport } from './read-export.ts';

/** Serves these chunks; a connection that breaks fails after the last one was read. */
const serve = (chunks: readonly string[], breaks: boolean) => async () => {
  const left = chunks.map((chunk) => new TextEncoder().encode(chunk));
  const pull = (stream: ReadableStreamDefaultController) => {
    const chunk = left.shift();
    if (chunk) return stream.enqueue(chunk);
    if (breaks) return stream.error(new TypeError('terminated'));
    return stream.close();
  };
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
};

async function read(
  format: ExportFormat,
  chunks: readonly string[],
  { breaks = false, signal }: { breaks?: boolean; signal?: AbortSignal } = {},
) {
  const pieces: string[] = [];
  const work = async () => {
    for await (const piece of readExport(serve(chunks, breaks), format, signal)) pieces.push(piece);
  };
  return { pieces, work: work() };
}

async function fail(format: ExportFormat, text: string, options: { breaks?: boolean } = {}) {
  const { pieces, work } = await read(format, [text], options);
  const { code, message, status } = await failureOf(work);
  return { code, message, status, text: pieces.join('') };
}

const MISSING = {
  code: 'network_error',
  message: 'The export is incomplete. Try again.',
  status: 200,
};
const REVOKED = { code: 'api_key_revoked', message: 'The key, and "all" else, was revoked.', status: 200 };

const WHOLE = {
  ndjson: ['{"event_id":"a"}\n{"event_id":"end"}\n', '{"end":{"count":2}}\n'],
  csv: ['id,name\r\na,"x\nend: 1\r\ny ""z"""\r\nb,é\r\n', 'end: 2\r\n'],
} as const;
const ERROR = {
  ndjson: `${JSON.stringify({ error: { code: REVOKED.code, message: REVOKED.message } })}\n`,
  csv: '"error: api_key_revoked: The key, and ""all"" else, was revoked."\r\n',
};

it('reads an error of CSV without quotes, and takes no row of several cells for one', async () => {
  const plain = 'error: query_timeout: The query took too long.\r\n';
  const { code, message } = await fail('csv', `id,name\r\n${plain}`);
  assert.deepEqual([code, message], ['query_timeout', 'The query took too long.']);
  for (const row of ['error: a: b,c\r\n', '"error: a: b","c"\r\n', '"error: a: b",c\r\n', 'end: 0,c\r\n']) {
    const { text, ...error } = await fail('csv', `id,name\r\n${row}`);
    assert.deepEqual(error, MISSING, row);
    assert.equal(text, `id,name\r\n${row}`);
  }
});

for (const format of ['ndjson', 'csv'] as const) {
  const [items, end] = WHOLE[format];

  describe(`an export as ${format}`, () => {
    it('yields its lines without the end line, wherever its chunks are split', async () => {
      const text = items + end;
      for (let at = 0; at <= text.length; at += 1) {
        const { pieces, work } = await read(format, [text.slice(0, at), text.slice(at)]);
        await work;
        assert.equal(pieces.join(''), items, String(at));
        assert.ok(pieces.every((piece) => piece.endsWith('\n')));
      }
      const { pieces, work } = await read(format, [...text]);
      await work;
      assert.equal(pieces.join(''), items);
    });

    it('can be empty', async () => {
      const header = format === 'csv' ? 'id,name\r\n' : '';
      const { pieces, work } = await read(format, [header, end.replace('2', '0')]);
      await work;
      assert.equal(pieces.join(''), header);
    });

    it('throws wherever it is cut short, even if the connection seems to end well', async () => {
      const text = items + end;
      for (let length = 0; length < text.length; length += 1) {
        const { text: read, ...error } = await fail(format, text.slice(0, length));
        assert.deepEqual(error, MISSING, String(length));
        assert.ok(items.startsWith(read));
      }
      assert.deepEqual(await fail(format, items), { ...MISSING, text: items });
    });

    it('throws if the end line counts other items than arrived', async () => {
      for (const count of ['1', '3']) {
        const { text, ...error } = await fail(format, items + end.replace('2', count));
        assert.deepEqual(error, MISSING);
        assert.equal(text, items);
      }
    });

    it('throws the error of its last line, whether or not the connection breaks', async () => {
      for (const breaks of [false, true])
        assert.deepEqual(await fail(format, items + ERROR[format], { breaks }), { ...REVOKED, text: items });
    });

    it('throws when the connection breaks', async () => {
      const { text, ...error } = await fail(format, items, { breaks: true });
      assert.deepEqual(error, MISSING);
      assert.ok(items.startsWith(text));
    });

    it('throws the reason of a signal that aborts', async () => {
      const { work } = await read(format, [items], { signal: AbortSignal.abort(new Error('Enough.')) });
      await assert.rejects(work, /Enough/);
    });
  });
}
