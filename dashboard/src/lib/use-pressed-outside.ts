import { type RefObject, useEffect, useRef } from 'react';

/** Calls `onPress` when something outside the element is pressed, while `isActive`. Returns the ref for the element. */
export function usePressedOutside<T extends Element>(
  isActive: boolean,
  onPress: () => void,
): RefObject<T | null> {
  const element = useRef<T>(null);
  const latest = useRef(onPress);
  latest.current = onPress;
  useEffect(() => {
    if (!isActive) return;
    const press = ({ target }: Event) => {
      if (!(target instanceof Node && element.current?.contains(target))) latest.current();
    };
    document.addEventListener('pointerdown', press);
    return () => document.removeEventListener('pointerdown', press);
  }, [isActive]);
  return element;
}
