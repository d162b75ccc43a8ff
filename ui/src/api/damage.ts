// SPDX-License-Identifier: Apache-2.0
// What the answers that are shown may lack, since it is damaged where it is stored.
import { computed, signal } from '@preact/signals';

const HEADER = 'x-spandrel-unreadable-spans';

/** By the kind of question, of its last answer. */
const byQuestion = signal<ReadonlyMap<string, number>>(new Map());

/** Spans that some answer on the page may lack; 0: none. */
export const unreadableSpans = computed(() => Math.max(0, ...byQuestion.value.values()));

export function noteAnswer(path: string, headers: Headers): void {
  const question = path.split('/')[0] ?? path;
  const spans = Number(headers.get(HEADER) ?? 0);
  if ((byQuestion.peek().get(question) ?? 0) === spans) return;
  byQuestion.value = new Map(byQuestion.peek()).set(question, spans);
}
