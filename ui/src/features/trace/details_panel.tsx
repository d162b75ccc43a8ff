// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo } from 'preact/hooks';
import { getSpan } from '../../api/client';
import type { SpanDetail } from '../../api/types';
import { formatDuration } from '../../base/duration';
import { resource } from '../../base/resource';
import { formatDateTime, minusNs } from '../../base/time';
import { CopyButton } from '../../widgets/copy_button';
import { CloseIcon } from '../../widgets/icons';
import { Notice } from '../../widgets/notice';
import { Attributes } from './attributes';
import './details_panel.css';
import { Events, Links } from './events';
import { spanIdHex } from './find';
import { NO_SPAN } from './tree';
import type { TraceView } from './view';

interface DetailsPanelProps {
  readonly view: TraceView;
}

/** Stepping through rows asks for details only where it rests. */
const REST_MS = 60;

function Dropped({ span }: { readonly span: SpanDetail }) {
  const lost = [
    [span.droppedAttributes, 'attributes'],
    [span.droppedEvents, 'events'],
    [span.droppedLinks, 'links'],
  ] as const;
  const text = lost
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(', ');
  return text ? <p class="details-dropped">The sender dropped {text}.</p> : null;
}

function Facts({ span, view }: { readonly span: SpanDetail; readonly view: TraceView }) {
  const parent = view.selected.value === NO_SPAN ? NO_SPAN : (view.parent[view.selected.value] ?? NO_SPAN);
  const { code, message } = span.status;
  return (
    <dl class="details-facts">
      <div>
        <dt>Duration</dt>
        <dd>
          <b>{formatDuration(minusNs(span.endNs, span.startNs))}</b>
        </dd>
      </div>
      <div>
        <dt>After trace start</dt>
        <dd>{formatDuration(minusNs(span.startNs, view.columns.startNs))}</dd>
      </div>
      <div>
        <dt>Start</dt>
        <dd>{formatDateTime(span.startNs)}</dd>
      </div>
      <div>
        <dt>Kind</dt>
        <dd>{span.kind}</dd>
      </div>
      <div>
        <dt>Status</dt>
        <dd class={code === 'error' ? 'bad' : ''}>
          {code === 'error' ? '▲ error' : code}
          {message && `: ${message}`}
        </dd>
      </div>
      <div>
        <dt>Span id</dt>
        <dd>
          <code>{span.spanId}</code>
          <CopyButton text={span.spanId} what="span id" />
        </dd>
      </div>
      {span.parentSpanId && (
        <div>
          <dt>Parent</dt>
          <dd>
            <code>{span.parentSpanId}</code>
            {parent === NO_SPAN ? (
              <span class="bad"> not stored</span>
            ) : (
              <button type="button" class="button quiet small" onClick={() => view.goTo(parent)}>
                Go to parent
              </button>
            )}
          </dd>
        </div>
      )}
      {span.scope.name && (
        <div>
          <dt>Scope</dt>
          <dd>
            {span.scope.name} {span.scope.version}
          </dd>
        </div>
      )}
      {span.traceState && (
        <div>
          <dt>Trace state</dt>
          <dd>{span.traceState}</dd>
        </div>
      )}
    </dl>
  );
}

function Body({ span, view }: { readonly span: SpanDetail; readonly view: TraceView }) {
  return (
    <div class="details-body">
      <Facts span={span} view={view} />
      <Events events={span.events} startNs={span.startNs} />
      <Links links={span.links} startNs={span.startNs} />
      <Attributes title="Span attributes" attributes={span.attributes} service={span.service} startNs={span.startNs} />
      <Attributes
        title="Resource"
        attributes={span.resource.attributes}
        service={span.service}
        startNs={span.startNs}
      />
      <Attributes
        title="Scope attributes"
        attributes={span.scope.attributes}
        service={span.service}
        startNs={span.startNs}
      />
      <Dropped span={span} />
    </div>
  );
}

/** Everything about the selected span, fetched when it is selected. */
export function DetailsPanel({ view }: DetailsPanelProps) {
  const span = useMemo(() => resource<SpanDetail>(), [view]);
  const index = view.selected.value;
  useEffect(() => {
    const spanId = spanIdHex(view.columns, index);
    const timer = setTimeout(
      () => span.load((signal) => getSpan(view.columns.traceId, spanId, signal)),
      span.state.peek().data ? REST_MS : 0,
    );
    return () => clearTimeout(timer);
  }, [view, index]);
  useEffect(() => span.cancel, [span]);
  const { data, error } = span.state.value;
  const operation = view.columns.operations[view.columns.operation[index] ?? 0] ?? '';
  const service = view.columns.services[view.columns.service[index] ?? 0] ?? '';
  return (
    <aside class="details" aria-label="Span details">
      <header class="details-head">
        <div>
          <h2>{operation}</h2>
          <p>{service}</p>
        </div>
        <button
          type="button"
          class="button quiet small"
          aria-label="Close details"
          title="Close (Esc)"
          onClick={() => {
            view.detailsClosed.value = true;
          }}
        >
          <CloseIcon />
        </button>
      </header>
      {error && <Notice title={error} tone="error" />}
      {data && <Body span={data} view={view} />}
    </aside>
  );
}
