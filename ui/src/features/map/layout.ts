// SPDX-License-Identifier: Apache-2.0
import type { Layout, LayoutRequest } from './graph';

/** Runs the layout in a worker that ends with it. */
export function layoutGraph(request: LayoutRequest, signal: AbortSignal): Promise<Layout> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./layout_worker.ts', import.meta.url), { type: 'module' });
    const finish = (settle: () => void): void => {
      worker.terminate();
      settle();
    };
    worker.addEventListener('message', (event: MessageEvent<Layout>) => finish(() => resolve(event.data)));
    worker.addEventListener('error', () => finish(() => reject(new Error('the map could not be laid out'))));
    signal.addEventListener('abort', () => finish(() => reject(new Error('cancelled'))));
    worker.postMessage(request);
  });
}
