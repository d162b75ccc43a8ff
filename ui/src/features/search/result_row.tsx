// SPDX-License-Identifier: Apache-2.0
import type { TraceSummary } from '../../api/types';
import { groupDigits } from '../../base/digits';
import { formatDuration } from '../../base/duration';
import type { Palette } from '../../base/palette';
import { serviceColour } from '../../base/palette';
import { href } from '../../base/router';
import { formatAge, formatDateTime } from '../../base/time';

interface ResultRowProps {
  readonly trace: TraceSummary;
  readonly position: number;
  readonly total: number;
  /** The longest duration in the list: the full bar. */
  readonly longestNs: number;
  readonly nowMs: number;
  readonly palette: Palette;
}

const NAMED = 4;

function Services({ trace, palette }: Pick<ResultRowProps, 'trace' | 'palette'>) {
  const largest = [...trace.services].sort((a, b) => b.spanCount - a.spanCount);
  return (
    <span class="result-services">
      <span class="result-segments" aria-hidden="true">
        {largest.map(({ name, spanCount }) => (
          <i key={name} style={{ flexGrow: spanCount, background: serviceColour(name, palette) }} />
        ))}
      </span>
      {largest.slice(0, NAMED).map(({ name, spanCount, errorCount }) => (
        <span key={name} class="result-service">
          <i style={{ background: serviceColour(name, palette) }} />
          {name} <b>{spanCount}</b>
          {errorCount > 0 && <em>▲</em>}
        </span>
      ))}
      {largest.length > NAMED && <span class="result-service">+{largest.length - NAMED}</span>}
    </span>
  );
}

export function ResultRow({ trace, position, total, longestNs, nowMs, palette }: ResultRowProps) {
  const duration = Number(trace.durationNs);
  return (
    <li class="result" aria-posinset={position + 1} aria-setsize={total}>
      <a class="result-link" href={href(['trace', trace.traceId])} data-position={position}>
        <span class="result-name">
          <span class="result-title">
            <b>{trace.rootOperation || 'root not stored'}</b>
            <span>{trace.rootService}</span>
          </span>
          <Services trace={trace} palette={palette} />
        </span>
        <span class="result-counts">
          <span>
            {groupDigits(trace.spanCount)} {trace.spanCount === 1 ? 'span' : 'spans'}
          </span>
          {trace.errorCount > 0 && (
            <span class="chip error">
              ▲ {groupDigits(trace.errorCount)} {trace.errorCount === 1 ? 'error' : 'errors'}
            </span>
          )}
          {trace.orphanCount > 0 && (
            <span class="chip" title="Spans whose parent is not stored">
              {groupDigits(trace.orphanCount)} without parent
            </span>
          )}
        </span>
        <span class="result-duration">
          <b>{formatDuration(duration)}</b>
          <span class="result-bar" aria-hidden="true">
            <i style={{ transform: `scaleX(${Math.max(0.004, duration / longestNs)})` }} />
          </span>
        </span>
        <span class="result-age" title={formatDateTime(trace.startNs)}>
          {formatAge(trace.startNs, nowMs)}
        </span>
      </a>
    </li>
  );
}
