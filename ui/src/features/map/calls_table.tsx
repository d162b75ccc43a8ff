// SPDX-License-Identifier: Apache-2.0
import type { ServiceCall } from '../../api/types';
import { groupDigits } from '../../base/digits';
import { formatDuration } from '../../base/duration';
import { href } from '../../base/router';

interface CallsTableProps {
  readonly calls: readonly ServiceCall[];
  readonly from: string;
}

const count = (text: string): string => groupDigits(Number(text));

/** The map as a table. */
export function CallsTable({ calls, from }: CallsTableProps) {
  const busiest = [...calls].sort((a, b) => Number(b.callCount) - Number(a.callCount));
  const service = (name: string) => <a href={href(['search'], { service: name, from })}>{name}</a>;
  return (
    <div class="map-table" tabIndex={0} role="group" aria-label="Calls between services">
      <table>
        <caption class="visually-hidden">Calls between services</caption>
        <thead>
          <tr>
            <th scope="col">Caller</th>
            <th scope="col">Called</th>
            <th scope="col" class="number">
              Calls
            </th>
            <th scope="col" class="number">
              Errors
            </th>
            <th scope="col" class="number">
              p50
            </th>
            <th scope="col" class="number">
              p95
            </th>
          </tr>
        </thead>
        <tbody>
          {busiest.map((call) => (
            <tr key={`${call.parent} ${call.child}`}>
              <td>{service(call.parent)}</td>
              <td>{service(call.child)}</td>
              <td class="number">{count(call.callCount)}</td>
              <td class={call.errorCount === '0' ? 'number' : 'number bad'}>
                {call.errorCount === '0' ? '0' : `▲ ${count(call.errorCount)}`}
              </td>
              <td class="number">{formatDuration(Number(call.p50Ns))}</td>
              <td class="number">{formatDuration(Number(call.p95Ns))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
