// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getStatus, search } from '../../api/client';
import type { Status } from '../../api/types';
import { groupDigits } from '../../base/digits';
import { announce } from '../../base/live';
import { poll } from '../../base/poll';
import { href, navigate } from '../../base/router';
import { CodeBlock } from '../../widgets/code_block';
import { Tabs } from '../../widgets/tabs';
import { LANGUAGES, endpointsOf } from './snippets';
import './start_page.css';

const POLL_MS = 2000;

/** Goes to the first trace as soon as there is one, if there was none when the page was opened. */
function useFirstTrace(onStatus: (status: Status) => void): void {
  useEffect(() => {
    let wasEmpty = false;
    return poll(async (signal) => {
      const status = await getStatus(signal);
      onStatus(status);
      if (status.storedSpans === '0') wasEmpty = true;
      if (!wasEmpty || status.storedSpans === '0') return;
      const { traces } = await search({ filter: { from: 'now-24h', to: 'now' }, sort: 'newest', limit: 1 }, signal);
      const first = traces[0];
      if (!first) return;
      announce('The first trace has arrived');
      navigate(href(['trace', first.traceId]), { replace: true });
    }, POLL_MS);
  }, []);
}

function Waiting({ status }: { readonly status: Status | undefined }) {
  const refused = Number(status?.refusedSpans ?? 0);
  if (refused > 0)
    return (
      <p class="start-state warn">
        {groupDigits(refused)} spans were refused. The server's log and its metrics say why.
      </p>
    );
  if (status && status.storedSpans !== '0')
    return <p class="start-state">{groupDigits(Number(status.storedSpans))} spans stored so far.</p>;
  return (
    <p class="start-state">
      <span class="start-pulse" aria-hidden="true" />
      Waiting for the first span. This page goes to it by itself.
    </p>
  );
}

/** How to send traces; the whole page as long as there are none. */
export function StartPage() {
  const status = useSignal<Status | undefined>(undefined);
  const chosen = useSignal('cpp');
  useFirstTrace((next) => {
    status.value = next;
  });
  useEffect(() => {
    document.title = 'Send traces · Spandrel';
  }, []);
  const at = endpointsOf(status.value?.otlpGrpc ?? '', status.value?.otlpHttp ?? '', location.hostname);
  const language = LANGUAGES.find(({ id }) => id === chosen.value) ?? LANGUAGES[0];
  return (
    <div class="start-page panel">
      <h1>Send your first trace</h1>
      <p class="start-lead">
        Spandrel listens for OpenTelemetry. Any OTLP exporter works; nothing needs to be registered here first.
      </p>
      <dl class="start-endpoints">
        <div>
          <dt>OTLP/gRPC</dt>
          <dd>
            <code>{at.grpc}</code>
          </dd>
        </div>
        <div>
          <dt>OTLP/HTTP</dt>
          <dd>
            <code>http://{at.http}</code>
          </dd>
        </div>
      </dl>
      <Waiting status={status.value} />
      <Tabs
        label="Language"
        value={chosen.value}
        options={LANGUAGES.map(({ id, name }) => [id, name] as const)}
        onChange={(id) => {
          chosen.value = id;
        }}
      >
        <ol class="start-steps">
          {language?.steps(at).map(({ title, code }) => (
            <li key={`${chosen.value} ${title}`}>
              <h2>{title}</h2>
              <CodeBlock code={code} what={`${language.name}: ${title}`} />
            </li>
          ))}
        </ol>
      </Tabs>
    </div>
  );
}
