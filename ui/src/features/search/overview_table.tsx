// SPDX-License-Identifier: Apache-2.0
import type { Overview } from '../../api/types';
import { formatDuration } from '../../base/duration';
import { formatDateTime, plusNs } from '../../base/time';

interface OverviewTableProps {
  readonly overview: Overview;
}

const PARTS = 12;

interface Part {
  count: number;
  errors: number;
  slowest: number;
}

function summarise(overview: Overview): readonly Part[] {
  const parts = Array.from({ length: PARTS }, (): Part => ({ count: 0, errors: 0, slowest: 0 }));
  const partOf = (column: number): Part | undefined => parts[Math.floor((column * PARTS) / overview.columns)];
  for (const [column, row, count] of overview.cells) {
    const part = partOf(column);
    if (!part) continue;
    part.count += count;
    part.slowest = Math.max(part.slowest, Number(overview.rowBoundsNs[row + 1] ?? 0));
  }
  overview.errors.forEach((errors, column) => {
    const part = partOf(column);
    if (part) part.errors += errors;
  });
  return parts;
}

/** The picture's numbers for those who do not see it. */
export function OverviewTable({ overview }: OverviewTableProps) {
  const stepNs = (Number(overview.stepNs) * overview.columns) / PARTS;
  return (
    <div class="visually-hidden">
      <table>
        <caption>Traces over time</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col">Traces</th>
            <th scope="col">With errors</th>
            <th scope="col">Slowest at most</th>
          </tr>
        </thead>
        <tbody>
          {summarise(overview).map((part, i) => (
            <tr key={i}>
              <th scope="row">{formatDateTime(plusNs(overview.fromNs, i * stepNs))}</th>
              <td>{part.count}</td>
              <td>{part.errors}</td>
              <td>{part.count ? formatDuration(part.slowest) : 'none'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
