/** Returns a throttled `task`: it runs immediately, then at most every `ms`. The last call is never lost, but by `cancel`. */
export function throttle(task: () => void, ms: number): { call: () => void; cancel: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  const run = () => {
    isWanted = false;
    task();
    timer = setTimeout(() => {
      timer = undefined;
      if (isWanted) run();
    }, ms);
  };
  return {
    call() {
      if (timer === undefined) run();
      else isWanted = true;
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
      isWanted = false;
    },
  };
}
