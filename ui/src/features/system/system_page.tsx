// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getStatus } from '../../api/client';
import type { Status } from '../../api/types';
import { groupDigits } from '../../base/digits';
import { poll } from '../../base/poll';
import { messageOf } from '../../base/resource';
import { Notice } from '../../widgets/notice';
import { type Count, systemOf } from './model';
import { StorePanel } from './store_panel';
import './system_page.css';

const POLL_MS = 5000;

function Counts({ title, counts }: { readonly title: string; readonly counts: readonly Count[] }) {
  return (
    <section class="panel system-counts">
      <h2>{title}</h2>
      <dl>
        {counts.map(({ label, help, value, bad }) => (
          <div key={label}>
            <dt>
              {label}
              <small>{help}</small>
            </dt>
            <dd class={bad && value > 0 ? 'bad' : value > 0 ? '' : 'none'}>
              {bad && value > 0 ? '▲ ' : ''}
              {groupDigits(value)}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Figures({ status }: { readonly status: Status }) {
  const { stores, dropped, refused, damage } = systemOf(status);
  return (
    <>
      {stores.map((store) => (
        <StorePanel key={store.directory} store={store} />
      ))}
      {stores.length === 0 ? <Notice title="This server has no store">It passes on what it receives.</Notice> : null}
      <p class="system-note">Counted since the server started:</p>
      <div class="system-columns">
        <Counts title="Dropped by retention" counts={dropped} />
        <Counts title="Refused" counts={refused} />
        <Counts title="Damage and failures" counts={damage} />
      </div>
    </>
  );
}

/** How the server and its stores are doing. */
export function SystemPage() {
  const status = useSignal<Status | undefined>(undefined);
  const error = useSignal('');
  useEffect(() => {
    document.title = 'System · Spandrel';
    return poll(async (signal) => {
      try {
        status.value = await getStatus(signal);
        error.value = '';
      } catch (problem) {
        if (!signal.aborted) error.value = messageOf(problem);
      }
    }, POLL_MS);
  }, []);
  const now = status.value;
  return (
    <div class="system-page">
      <div class="system-head">
        <h1>System</h1>
        {now ? (
          <p>
            Spandrel {now.version}{' '}
            <a href="metrics" data-native>
              All metrics
            </a>
          </p>
        ) : null}
      </div>
      {error.value ? (
        <Notice title="The figures cannot be read" tone="error">
          {error.value}
        </Notice>
      ) : null}
      {now ? <Figures status={now} /> : null}
    </div>
  );
}
