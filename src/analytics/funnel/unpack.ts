import { PACKED } from './sql.ts';
import type { StepEvents } from './steps.ts';

const EVENT_BYTES = 8;
const MORE_BYTES = 0x80;
/** Of the time, how many bits are in the lower half of the packed event. */
const LOW_TIME_FACTOR = 2 ** (32 - PACKED.timeBit);
const VALUE_MASK = (1 << PACKED.valueBits) - 1;
const STEP_MASK = (1 << PACKED.stepBits) - 1;

/** Calls `visit` with the events of each person in a row of `stepsOfPeopleSql`. The lists are valid during the call only. */
export function unpackPeople(base64: string, visit: (events: StepEvents) => void): void {
  const bytes = Buffer.from(base64, 'base64');
  let start = 0;
  // The length in front has 7 bits a byte, and the highest bit in all but the last.
  while (((bytes[start] ?? 0) & MORE_BYTES) !== 0) start += 1;
  start += 1;
  const count = (bytes.length - start) / EVENT_BYTES;
  const timesMs = new Float64Array(count);
  const [masks, values, inRange] = [new Uint16Array(count), new Uint8Array(count), new Uint8Array(count)];
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  let first = 0;
  for (let index = 0; index < count; index += 1) {
    const low = view.getUint32(index * EVENT_BYTES, true);
    const high = view.getUint32(index * EVENT_BYTES + 4, true);
    if (low === 0 && high === 0) {
      const slice = <List extends Float64Array | Uint16Array | Uint8Array>(list: List) =>
        list.subarray(first, index);
      visit({
        timesMs: slice(timesMs),
        masks: slice(masks),
        values: slice(values),
        inRange: slice(inRange),
      });
      first = index + 1;
      continue;
    }
    timesMs[index] = high * LOW_TIME_FACTOR + (low >>> PACKED.timeBit);
    masks[index] = (low >>> PACKED.valueBits) & STEP_MASK;
    values[index] = low & VALUE_MASK;
    inRange[index] = (low >>> PACKED.inRangeBit) & 1;
  }
}
