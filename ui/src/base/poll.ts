// SPDX-License-Identifier: Apache-2.0

/** Runs `work` now and every `intervalMs` after it ends, not while the page is hidden. Returns what stops it. */
export function poll(work: (signal: AbortSignal) => Promise<void>, intervalMs: number): () => void {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  const step = async (): Promise<void> => {
    clearTimeout(timer);
    if (document.hidden || running || controller.signal.aborted) return;
    running = true;
    await work(controller.signal).catch(() => undefined);
    running = false;
    if (!controller.signal.aborted) timer = setTimeout(() => void step(), intervalMs);
  };
  const onVisible = (): void => void step();
  document.addEventListener('visibilitychange', onVisible);
  void step();
  return () => {
    controller.abort();
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
