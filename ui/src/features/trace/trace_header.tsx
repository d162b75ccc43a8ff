// SPDX-License-Identifier: Apache-2.0
import { groupDigits } from '../../base/digits';
import { formatDuration } from '../../base/duration';
import { serviceColour } from '../../base/palette';
import { palette } from '../../base/theme';
import { formatDateTime } from '../../base/time';
import { CopyButton } from '../../widgets/copy_button';
import type { TraceView } from './view';

interface TraceHeaderProps {
  readonly view: TraceView;
}

function Services({ view }: TraceHeaderProps) {
  const { columns, facts } = view;
  const order = columns.services
    .map((_, i) => i)
    .sort((a, b) => (facts.spansOfService[b] ?? 0) - (facts.spansOfService[a] ?? 0));
  return (
    <ul class="trace-services" aria-label="Services: select to find their spans">
      {order.map((i) => {
        const name = columns.services[i] ?? '';
        const errors = facts.errorsOfService[i] ?? 0;
        return (
          <li key={name}>
            <button
              type="button"
              class="trace-service"
              title={`Find spans of ${name}`}
              onClick={() => {
                view.find.value = view.find.value === name ? '' : name;
              }}
            >
              <i style={{ background: serviceColour(name, palette.value) }} />
              {name} <b>{groupDigits(facts.spansOfService[i] ?? 0)}</b>
              {errors > 0 && <em>▲ {groupDigits(errors)}</em>}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** What the trace is and how big. */
export function TraceHeader({ view }: TraceHeaderProps) {
  const { columns, facts } = view;
  const root = columns.operations[columns.operation[0] ?? 0] ?? '';
  const service = columns.services[columns.service[0] ?? 0] ?? '';
  return (
    <header class="trace-head">
      <div class="trace-title">
        <h1>{root}</h1>
        <span class="trace-root">{service}</span>
        <code class="trace-id">{columns.traceId}</code>
        <CopyButton text={columns.traceId} what="trace id" />
      </div>
      <dl class="trace-facts">
        <div>
          <dt>Duration</dt>
          <dd>
            <b>{formatDuration(columns.durationNs)}</b>
          </dd>
        </div>
        <div>
          <dt>Spans</dt>
          <dd>{groupDigits(columns.spanCount)}</dd>
        </div>
        <div>
          <dt>Services</dt>
          <dd>{groupDigits(columns.services.length)}</dd>
        </div>
        <div>
          <dt>Depth</dt>
          <dd>{groupDigits(facts.depth)}</dd>
        </div>
        <div class={facts.errors ? 'bad' : ''}>
          <dt>Errors</dt>
          <dd>
            {facts.errors > 0 && '▲ '}
            {groupDigits(facts.errors)}
          </dd>
        </div>
        {facts.orphans > 0 && (
          <div class="bad">
            <dt>Parent missing</dt>
            <dd>{groupDigits(facts.orphans)}</dd>
          </div>
        )}
        <div class="trace-start">
          <dt>Start</dt>
          <dd>{formatDateTime(columns.startNs)}</dd>
        </div>
      </dl>
      <Services view={view} />
    </header>
  );
}
