/** Returns `task` run at once, then at most every `ms`, the last call never lost; and what calls a waiting run off. */
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
