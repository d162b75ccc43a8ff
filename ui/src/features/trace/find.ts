// SPDX-License-Identifier: Apache-2.0
// Finding spans inside a trace by what its columns hold. Terms are separated by spaces and all must hold:
//   text          part of the service, operation or span id     error     spans with an error
//   kind=server   the span's kind                                >10ms     longer (or <10ms: shorter)
import { FLAG_ERROR, type TraceColumns } from '../../api/trace_columns';
import { parseDuration } from '../../base/duration';

export const KINDS: readonly string[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

type Test = (i: number) => boolean;

function spanIdHex(columns: TraceColumns, i: number): string {
  let text = '';
  for (let at = i * 8; at < i * 8 + 8; at++) text += (columns.spanId[at] ?? 0).toString(16).padStart(2, '0');
  return text;
}

function byText(columns: TraceColumns, word: string): Test {
  const services = columns.services.map((name) => name.toLowerCase().includes(word));
  const operations = columns.operations.map((name) => name.toLowerCase().includes(word));
  const byId = /^[0-9a-f]{6,16}$/.test(word);
  return (i) =>
    services[columns.service[i] ?? 0] === true ||
    operations[columns.operation[i] ?? 0] === true ||
    (byId && spanIdHex(columns, i).startsWith(word));
}

function testOf(columns: TraceColumns, term: string): Test {
  const limit = /^[<>]/.test(term) ? parseDuration(term.slice(1)) : undefined;
  if (limit !== undefined) {
    return term.startsWith('>') ? (i) => (columns.duration[i] ?? 0) > limit : (i) => (columns.duration[i] ?? 0) < limit;
  }
  if (term === 'error') return (i) => ((columns.flags[i] ?? 0) & FLAG_ERROR) !== 0;
  const kind = term.startsWith('kind=') ? KINDS.indexOf(term.slice(5)) : -1;
  return kind >= 0 ? (i) => columns.kind[i] === kind : byText(columns, term);
}

export interface Matches {
  readonly mask: Uint8Array;
  readonly count: number;
}

/** Undefined when nothing is looked for. */
export function findSpans(columns: TraceColumns, query: string): Matches | undefined {
  const terms = query
    .toLowerCase()
    .split(/\s+/)
    .filter((term) => term !== '');
  if (terms.length === 0) return undefined;
  const tests = terms.map((term) => testOf(columns, term));
  const mask = new Uint8Array(columns.spanCount);
  let count = 0;
  for (let i = 0; i < columns.spanCount; i++) {
    let all = true;
    for (const test of tests) all = all && test(i);
    if (!all) continue;
    mask[i] = 1;
    count++;
  }
  return { mask, count };
}

export { spanIdHex };

/** Index of the span with this id, -1 when there is none. */
export function indexOfSpan(columns: TraceColumns, spanId: string): number {
  const bytes = (spanId.match(/../g) ?? []).map((pair) => parseInt(pair, 16));
  if (bytes.length !== 8) return -1;
  for (let i = 0; i < columns.spanCount; i++) {
    let at = 0;
    while (at < 8 && columns.spanId[i * 8 + at] === bytes[at]) at++;
    if (at === 8) return i;
  }
  return -1;
}
