import { Link } from '@tanstack/react-router';
import type { ProjectSettings } from '../../api/answers.ts';
import { useProject, useProjectSettings } from '../../api/project.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Page } from '../../components/page.tsx';
import { QueryState } from '../../components/query-state.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { Callout } from '../../components/ui/callout.tsx';
import { Card, CardBody, CardHeader } from '../../components/ui/card.tsx';
import { SkeletonRows } from '../../components/ui/skeleton.tsx';
import { DeleteProjectCard } from './delete-project-card.tsx';
import { KeyRulesCard } from './key-rules-card.tsx';
import { LimitsCard } from './limits-card.tsx';
import { NameCard } from './name-card.tsx';
import { RetentionCard } from './retention-card.tsx';
import { RevenueCard } from './revenue-card.tsx';

/** Settings → Project: its name, and the rules for keys, revenue and limits. */
export function ProjectPage() {
  const { project, can } = useProject();
  const settings = useProjectSettings();
  return (
    <Page
      isNarrow
      title="Project"
      docs="/docs/privacy#delete-old-events"
      description="Settings for every app and key in this project."
    >
      <QueryState
        query={settings}
        what="Couldn't load the settings"
        pending={<SkeletonRows rows={5} />}
        hasCard
      >
        {(data) => (
          <>
            {!can('project:write') && (
              <Callout title="Read-only">
                Your role ({project.role}) can't change these settings. Ask an owner or admin.
              </Callout>
            )}
            {/* Keyed by its own values: saving one card keeps what is typed in the others. */}
            <fieldset disabled={!can('project:write')} className="contents">
              <NameCard key={`name ${data.name}`} settings={data} />
              <KeyRulesCard
                key={`keys ${data.max_key_lifetime_days} ${data.leaked_key_policy}`}
                settings={data}
              />
              <RevenueCard settings={data} />
              <RetentionCard key={`retention ${data.retention_days}`} settings={data} />
              <LimitsCard key={`limits ${JSON.stringify(data.rate_limits)}`} settings={data} />
            </fieldset>
            <FactsCard settings={data} />
            <DeleteProjectCard />
          </>
        )}
      </QueryState>
    </Page>
  );
}

function FactsCard({ settings }: { settings: ProjectSettings }) {
  const { can } = useProject();
  return (
    <Card>
      <CardHeader title="About" />
      <CardBody className="grid gap-2 text-sm">
        <p>
          <span className="mr-2 text-soft max-sm:block">Project ID</span>
          <span className="inline-flex min-w-0 items-center gap-2">
            <span className="break-all font-mono text-xs">{settings.id}</span>
            <CopyButton text={settings.id} what="project ID" />
          </span>
        </p>
        <p className="text-soft">
          Created <TimeAgo at={settings.created_at} />, updated <TimeAgo at={settings.updated_at} />.{' '}
          {can('audit:read') && (
            <Link
              to="/p/$projectId/settings/audit-log"
              params={{ projectId: settings.id }}
              search={{ target: settings.id }}
              className="text-link underline underline-offset-2"
            >
              View changes
            </Link>
          )}
        </p>
      </CardBody>
    </Card>
  );
}
