import type { Ingestion } from '../ingestion/ingestion.ts';
import type { Rollups } from '../rollups/rollups.ts';
import type { ErasureStore } from './erasure-services.ts';

/** What is kept of a person beside events: samples of rejected ones, and rollups. */
export type PersonTraces = {
  ingestion: Pick<Ingestion, 'deleteSamples'>;
  rollups: Pick<Rollups, 'invalidate' | 'forgetUsers'>;
};

/** Returns how samples and rollups of a person are deleted. */
export function forgetTraces({
  ingestion,
  rollups,
}: PersonTraces): Pick<ErasureStore, 'invalidateDays' | 'forgetPerson'> {
  return {
    invalidateDays: rollups.invalidate,
    async forgetPerson(projectId, { appId, ids }) {
      const erased = new Set(ids);
      await ingestion.deleteSamples(
        projectId,
        // Of an event that named no app, or an unknown one, the person is all that is known.
        (sample) =>
          (sample.appId === appId || sample.appId === null) &&
          sample.appUserId !== null &&
          erased.has(sample.appUserId),
      );
      await rollups.forgetUsers({ id: appId, projectId }, ids);
    },
  };
}
