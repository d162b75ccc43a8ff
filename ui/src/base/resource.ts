// SPDX-License-Identifier: Apache-2.0
// What a request has brought so far. Old data stays while new data is on its way.
import { type Signal, signal } from '@preact/signals';

export interface Loaded<T> {
  readonly data: T | undefined;
  readonly error: string | undefined;
  readonly loading: boolean;
}

export interface Resource<T> {
  readonly state: Signal<Loaded<T>>;
  /** Starts a request and drops the one under way. */
  readonly load: (request: (signal: AbortSignal) => Promise<T>) => void;
  /** Replaces the data, as when a page of results is added. */
  readonly set: (data: T) => void;
  readonly cancel: () => void;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function resource<T>(): Resource<T> {
  const state = signal<Loaded<T>>({ data: undefined, error: undefined, loading: false });
  let controller: AbortController | undefined;
  const settle = (mine: AbortController, next: Loaded<T>): void => {
    if (controller === mine && !mine.signal.aborted) state.value = next;
  };
  return {
    state,
    load: (request) => {
      controller?.abort();
      const mine = new AbortController();
      controller = mine;
      state.value = { data: state.peek().data, error: undefined, loading: true };
      request(mine.signal).then(
        (data) => settle(mine, { data, error: undefined, loading: false }),
        (error: unknown) => settle(mine, { data: undefined, error: messageOf(error), loading: false }),
      );
    },
    set: (data) => {
      state.value = { data, error: undefined, loading: false };
    },
    cancel: () => {
      controller?.abort();
    },
  };
}
