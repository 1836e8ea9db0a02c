import type { ControlServices } from '../../server/open-services.ts';
import { type DemoState, saveDemo } from './demo-project.ts';
import { countDemoDays, makeDays } from './events.ts';
import type { DemoSink, Loaded } from './sink.ts';

/** Receives the progress of a load: days done, total days, and events so far. */
export type LoadProgress = (daysDone: number, days: number, events: number) => void;

/**
 * Sends the demo's events since the last load, up to `untilMs`, to the sink, and stores the new state, which it returns.
 * Throws if an event is rejected, or between two days if `signal` is aborted.
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
    const { accepted, duplicates } = await sink.store(events);
    loaded.accepted += accepted;
    loaded.duplicates += duplicates;
    daysDone += 1;
    report(daysDone, days, loaded.accepted + loaded.duplicates);
  }
  const after = { ...state, loadedUntilMs: untilMs };
  await saveDemo(services, after);
  return { ...loaded, state: after };
}
