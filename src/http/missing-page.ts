import type { FastifyReply, FastifyRequest } from 'fastify';
import { toPayload } from './connections/pieces.ts';
import { PAGE_HEADERS } from './dashboard-files.ts';
import { createStaticFiles, type StaticFile } from './static-files.ts';

/** Sends the page for an address without one if a person looks at it in a browser. Returns whether it did. */
export type SendMissingPage = (request: FastifyRequest, reply: FastifyReply) => boolean;

const PLAIN: StaticFile = {
  bytes: Buffer.from(
    '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Page not found</title>\n<h1>Page not found</h1>\n<p>There is nothing at this address. <a href="/">Go to the dashboard</a></p></html>\n',
  ),
  contentType: 'text/html; charset=utf-8',
  encoding: undefined,
  etag: '',
};

/** What programs call: they get a problem document whatever they accept. */
const NOT_FOR_PEOPLE = /^\/(?:v1|app|assets|\.well-known)(?:\/|$)/;

/** Returns what sends the dashboard's page with status 404, whose router says that there is nothing; without a build, a plain one. */
export function createMissingPage(dir: string): SendMissingPage {
  const files = createStaticFiles(dir);
  return ({ raw: { method = '', url = '', headers }, id }, reply) => {
    const isRead = method === 'GET' || method === 'HEAD';
    if (!isRead || NOT_FOR_PEOPLE.test(url) || !/\btext\/html\b/i.test(headers.accept ?? '')) return false;
    const file = files.find('index.html', headers['accept-encoding']?.toString()) ?? PLAIN;
    reply
      .code(404)
      .headers({ ...PAGE_HEADERS, 'cache-control': 'no-store', vary: 'Accept, Accept-Encoding' })
      .headers({ 'x-request-id': id, 'content-type': file.contentType, 'content-length': file.bytes.length });
    if (file.encoding !== undefined) reply.header('content-encoding', file.encoding);
    reply.send(toPayload(file.bytes));
    return true;
  };
}
