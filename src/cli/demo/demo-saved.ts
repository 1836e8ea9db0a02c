import { CLI_REQUESTER } from '../../api/caller.ts';
import { formatDay } from '../../lib/calendar.ts';
import { DAY_MS } from '../../lib/durations.ts';
import { ANNOTATIONS, type AnnotationContent } from '../../saved/annotations.ts';
import { FUNNELS, type FunnelContent } from '../../saved/funnels.ts';
import { createSaved, listSaved, type SavedServices } from '../../saved/saved-items.ts';
import { type DemoStage, RELEASES } from './events.ts';
import { campaignDay, type DemoPlan } from './person.ts';

const FUNNEL: FunnelContent = {
  name: 'From sign-up to subscription',
  definition: {
    steps: [
      { event_name: 'sign_up' },
      { event_name: 'onboarding_completed' },
      { event_name: 'trial_started' },
      { event_name: 'subscription_started' },
    ],
    window_seconds: 2_592_000,
    order: 'sequential',
  },
};

/** Saves what explains the demo's charts, once: its releases and its campaign as annotations, and a funnel. */
export async function saveDemoItems(
  services: SavedServices,
  { projectId, plan, stage }: { projectId: string; plan: DemoPlan; stage: DemoStage },
): Promise<void> {
  const saved = await listSaved<AnnotationContent>(services.control, projectId, ANNOTATIONS);
  const isSaved = (text: string) => saved.some(({ content }) => content.text === text);
  const days = [
    ...RELEASES.map(([version, day]) => ({ day, text: `Version ${version}` })),
    { day: campaignDay(plan), text: 'Back-to-school campaign' },
  ];
  const shown = days.filter(({ day, text }) => day >= 0 && day < plan.days && !isSaved(text));
  for (const { day, text } of shown.sort((one, other) => one.day - other.day)) {
    const date = formatDay(stage.startMs / DAY_MS + day);
    await createSaved(services, projectId, ANNOTATIONS, { date, text }, CLI_REQUESTER);
  }
  const funnels = await listSaved(services.control, projectId, FUNNELS);
  if (funnels.length === 0) await createSaved(services, projectId, FUNNELS, FUNNEL, CLI_REQUESTER);
}
