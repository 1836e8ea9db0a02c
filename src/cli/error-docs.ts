import { ERRORS } from '../api/error-codes.ts';
import { REJECTION_CURES } from '../events/ingest/rejection-cures.ts';

const INTRO = `# Errors

Every error is \`application/problem+json\` (RFC 9457) with a \`code\` from this list, which never changes its meaning.
\`request_id\` names the request; the server logs it with a 5xx, for up to 20 requests per code and minute.
`;

const REJECTIONS_INTRO = `# Rejected events

\`POST /v1/events\` stores the good events of a batch and lists the others under \`rejected\`, each with one of these codes.
`;

/** Returns docs/errors.md: the meaning and cure of each error code, and of each reason to reject an event. */
export function renderErrorDocs(): string {
  const errors = Object.entries(ERRORS).map(
    ([code, { status, title, meaning, cure }]) =>
      `## ${code}\n\n**${status} ${title}.** ${meaning}\n\n**Fix:** ${cure}\n`,
  );
  const rejections = Object.entries(REJECTION_CURES).map(([code, cure]) => `## ${code}\n\n${cure}\n`);
  return [INTRO, ...errors, REJECTIONS_INTRO, ...rejections].join('\n');
}
