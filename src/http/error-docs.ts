import { ERRORS } from './errors.ts';

/** Returns docs/errors.md: what each error code means and what to do about it. */
export function renderErrorDocs(): string {
  const sections = Object.entries(ERRORS).map(
    ([code, { status, title, meaning, cure }]) =>
      `## ${code}\n\n**${status} ${title}.** ${meaning}\n\n**Cure.** ${cure}\n`,
  );
  const intro = `# Errors

Every error is \`application/problem+json\` (RFC 9457) with a \`code\` from this list, which never changes its meaning.
\`request_id\` finds the request in the server's log.
`;
  return [intro, ...sections].join('\n');
}
