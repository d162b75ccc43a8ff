// SPDX-License-Identifier: Apache-2.0
// The state of the trace page as URL parameters: s selected span, z zoom, c folding, q find, o only matches, d details closed.

/** A window of time: nanoseconds after the trace's start. */
export interface Zoom {
  readonly from: number;
  readonly to: number;
}

export interface FoldState {
  readonly level: number;
  readonly flips: readonly number[];
}

export interface TraceUrl {
  readonly span: string;
  readonly zoom: Zoom | undefined;
  readonly fold: FoldState;
  readonly find: string;
  readonly only: boolean;
  readonly detailsClosed: boolean;
}

/** More single folds than this do not go into the URL; the level still does. */
const MAX_FLIPS = 400;

/** "level.delta.delta...", numbers in base 36; empty when nothing is folded. */
export function encodeFold({ level, flips }: FoldState): string {
  if (level === Infinity && flips.length === 0) return '';
  const kept = flips.length > MAX_FLIPS ? [] : flips;
  let last = 0;
  const deltas = kept.map((i) => {
    const delta = i - last;
    last = i;
    return delta.toString(36);
  });
  return [level === Infinity ? '' : String(level), ...deltas].join('.');
}

export function decodeFold(text: string): FoldState {
  const [level = '', ...deltas] = text.split('.');
  const flips: number[] = [];
  let last = 0;
  for (const delta of deltas.slice(0, MAX_FLIPS)) {
    if (!/^[0-9a-z]{1,6}$/.test(delta)) break;
    last += parseInt(delta, 36);
    flips.push(last);
  }
  return { level: /^\d{1,5}$/.test(level) ? Number(level) : Infinity, flips };
}

function decodeZoom(text: string | null): Zoom | undefined {
  const match = /^(\d{1,17})-(\d{1,17})$/.exec(text ?? '');
  if (!match) return undefined;
  const zoom = { from: Number(match[1]), to: Number(match[2]) };
  return zoom.to > zoom.from ? zoom : undefined;
}

/** `uiFind` is Jaeger's name for `q`. */
export function readTraceUrl(params: URLSearchParams): TraceUrl {
  const span = (params.get('s') ?? params.get('uiFind') ?? '').toLowerCase();
  return {
    span: /^[0-9a-f]{16}$/.test(span) ? span : '',
    zoom: decodeZoom(params.get('z')),
    fold: decodeFold(params.get('c') ?? ''),
    find: params.get('q') ?? (/^[0-9a-f]{16}$/.test(span) ? '' : (params.get('uiFind') ?? '')),
    only: params.get('o') === '1',
    detailsClosed: params.get('d') === '0',
  };
}

export function writeTraceUrl(state: TraceUrl): Readonly<Record<string, string | undefined>> {
  return {
    s: state.span,
    z: state.zoom && `${Math.floor(state.zoom.from)}-${Math.ceil(state.zoom.to)}`,
    c: encodeFold(state.fold),
    q: state.find,
    o: state.only ? '1' : '',
    d: state.detailsClosed ? '0' : '',
  };
}
