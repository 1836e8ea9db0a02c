import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';

const PAGES = [
  { href: '/docs', name: 'All guides', about: 'Events, metrics, keys, people, operating, with search' },
  {
    href: '/docs/snippets',
    name: 'Snippets',
    about: 'Trackers for Swift, Kotlin, Flutter, React Native and Unity',
  },
  { href: '/docs/sdks', name: 'Other SDKs', about: 'PostHog, Segment, RudderStack, Amplitude and more' },
  { href: '/docs/client', name: 'JavaScript client', about: 'Track events and query metrics, typed' },
  { href: '/docs/api', name: 'API reference', about: 'Every endpoint with a request and a real answer' },
  { href: '/docs/errors', name: 'Errors', about: 'Every error code and its fix' },
  { href: '/openapi.json', name: 'OpenAPI', about: 'For client generators and API explorers' },
] as const;

/** Links to the documentation of this server. */
export function MoreDocs() {
  return (
    <Card>
      <CardHeader title="Documentation" description="Part of this server: it works offline." />
      <CardBody>
        <ul className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
          {PAGES.map(({ href, name, about }) => (
            <li key={href}>
              <a
                href={href}
                target="_blank"
                rel="noreferrer"
                className="font-medium text-link text-sm underline-offset-4 hover:underline"
              >
                {name}
                <span className="sr-only"> (new tab)</span>
              </a>
              <p className="text-note text-soft">{about}</p>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}
