// SPDX-License-Identifier: Apache-2.0
import { useComputed, useSignal } from '@preact/signals';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { getTrace } from '../../api/client';
import { groupDigits } from '../../base/digits';
import { useKeys } from '../../base/keys';
import { announce } from '../../base/live';
import { resource } from '../../base/resource';
import { route } from '../../base/router';
import { KeyTable } from '../../widgets/key_table';
import { Notice } from '../../widgets/notice';
import { Sheet } from '../../widgets/sheet';
import { DetailsPanel } from './details_panel';
import { Minimap } from './minimap';
import { SHORTCUTS, shortcutsOf } from './shortcuts';
import { Toolbar } from './toolbar';
import { TraceHeader } from './trace_header';
import './trace_page.css';
import { NO_SPAN } from './tree';
import { useUrlSync } from './url_sync';
import { readTraceUrl } from './url_state';
import { TraceView } from './view';
import { Waterfall } from './waterfall';

interface TracePageProps {
  readonly traceId: string;
}

function OpenTrace({ view }: { readonly view: TraceView }) {
  const findInput = useRef<HTMLInputElement>(null);
  const help = useSignal(false);
  useUrlSync(view);
  useKeys(
    useMemo(
      () =>
        shortcutsOf(view, {
          find: () => findInput.current?.select(),
          help: () => {
            help.value = true;
          },
        }),
      [view],
    ),
  );
  const details = useComputed(() => view.selected.value !== NO_SPAN && !view.detailsClosed.value);
  return (
    <div class="trace-page">
      <TraceHeader view={view} />
      <Minimap view={view} />
      <Toolbar
        view={view}
        findInput={findInput}
        onHelp={() => {
          help.value = true;
        }}
      />
      <div class="trace-body">
        <Waterfall
          view={view}
          onActivate={() => {
            view.detailsClosed.value = false;
          }}
        />
        {details.value && <DetailsPanel view={view} />}
      </div>
      <Sheet
        title="Keyboard shortcuts"
        open={help.value}
        onClose={() => {
          help.value = false;
        }}
      >
        <KeyTable rows={SHORTCUTS} />
      </Sheet>
    </div>
  );
}

export function TracePage({ traceId }: TracePageProps) {
  const trace = useMemo(() => resource<TraceView>(), [traceId]);
  // Not after the first frame, which shows nothing yet: the trace is on its way already when the server preloads it.
  useLayoutEffect(() => {
    document.title = 'Trace · Spandrel';
    trace.load(async (signal) => {
      const view = new TraceView(await getTrace(traceId, signal));
      view.apply(readTraceUrl(route.peek().params));
      const { columns } = view;
      document.title = `${columns.operations[columns.operation[0] ?? 0] ?? 'Trace'} · Spandrel`;
      announce(`Trace with ${groupDigits(columns.spanCount)} spans`);
      return view;
    });
    return trace.cancel;
  }, [trace]);
  const { data, error } = trace.state.value;
  if (error)
    return (
      <Notice title={`Trace ${traceId.slice(0, 32)}: ${error}`} tone="error">
        <p>It may not have arrived yet, or be older than what is kept.</p>
      </Notice>
    );
  return data ? <OpenTrace view={data} /> : <div class="trace-page" aria-busy="true" />;
}
