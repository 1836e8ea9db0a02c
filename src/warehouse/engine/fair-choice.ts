import type { Choice, SlotRequest } from './slots.ts';

/**
 * The slot that is kept for short statements: when others wait, one that has run for QUICK_MS on it is ended
 * and starts again on another slot. So a short query never waits for long ones, however many there are (a feedback queue, Corbató 1962).
 */
export const QUICK_SLOT = 0;

/** How long a statement may run on the quick slot. */
export const QUICK_MS = 1_500;

/** Slots that other owners and short statements always have left. */
const LEFT_TO_OTHERS = 2;

/**
 * Returns a choice for `size` slots: the owner with the fewest running statements comes first, then light statements,
 * then the order of arrival. One owner gets at most all slots but the quick one and one more (of two or fewer: one).
 */
export function createFairChoice(size: number): (place: number, choice: Choice) => SlotRequest | undefined {
  const ownerMax = Math.max(1, size - LEFT_TO_OTHERS);
  const keepsQuickSlot = size > 1;
  return (place, { waiting, running }) => {
    const isQuick = keepsQuickSlot && place === QUICK_SLOT;
    const counts = countByOwner(running, keepsQuickSlot);
    const countOf = ({ owner }: SlotRequest) => counts.get(owner) ?? 0;
    const candidates = waiting.filter((request) =>
      isQuick ? !request.isLong : request.owner === undefined || countOf(request) < ownerMax,
    );
    return candidates.reduce<SlotRequest | undefined>((first, request) => {
      if (first === undefined) return request;
      const difference = countOf(request) - countOf(first);
      const isBefore = difference < 0 || (difference === 0 && isLighter(request, first));
      return isBefore ? request : first;
    }, undefined);
  };
}

const isLighter = (request: SlotRequest, first: SlotRequest) =>
  request.isLight === true && first.isLight !== true;

/** Statements on the quick slot are not counted: they are about to leave it. */
function countByOwner(running: Choice['running'], keepsQuickSlot: boolean): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const [place, { owner }] of running) {
    if (keepsQuickSlot && place === QUICK_SLOT) continue;
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}
