import type { ControlServices } from '../../open-services.ts';
import { type DemoState, saveDemo } from './demo-project.ts';
import { countDemoDays, makeDays } from './events.ts';
import type { DemoSink, Loaded } from './sink.ts';

/** How far a load is: days done of all, and events so far. */
export type LoadProgress = (daysDone: number, days: number, events: number) => void;

/**
 * Hands over the events of the demo that happened since the last load, up to `untilMs`, and notes how far it is. Throws
 * when one is refused, and when `signal` fires, between two days. Returns the state with it.
 */
export async function loadDemo(
  services: ControlServices,
  state: DemoState,
  { sink, untilMs }: { sink: DemoSink; untilMs: number },
  report: LoadProgress,
  signal: AbortSignal,
): Promise<Loaded & { state: DemoState }> {
  const span = { fromMs: state.loadedUntilMs, untilMs };
  const days = countDemoDays(state.stage, span.fromMs, untilMs);
  const loaded: Loaded = { accepted: 0, duplicates: 0 };
  let daysDone = 0;
  for (const events of makeDays(state.plan, state.stage, span)) {
    signal.throwIfAborted();
    const { accepted, duplicates } = await sink.take(events);
    loaded.accepted += accepted;
    loaded.duplicates += duplicates;
    daysDone += 1;
    report(daysDone, days, loaded.accepted + loaded.duplicates);
  }
  const after = { ...state, loadedUntilMs: untilMs };
  await saveDemo(services, after);
  return { ...loaded, state: after };
}
