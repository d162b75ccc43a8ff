// SPDX-License-Identifier: Apache-2.0
// What is the matter with the server, above every page.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getStatus } from '../api/client';
import { unreadableSpans } from '../api/damage';
import type { ComponentHealth } from '../api/types';
import { poll } from '../base/poll';
import './banner.css';

const BETWEEN_LOOKS_MS = 10_000;

const health = signal<readonly ComponentHealth[]>([]);

function sentence({ component, level, message }: ComponentHealth): string {
  const what = {
    ok: '',
    degraded: 'has trouble',
    refusing: 'takes no spans now',
    failed: 'takes no spans until the server is started again',
  }[level];
  return `${component} ${what}: ${message}`;
}

function Lines({ lines, urgent }: { readonly lines: readonly string[]; readonly urgent: boolean }) {
  return (
    <div class={`banner ${urgent ? 'urgent' : 'mild'}`} role={urgent ? 'alert' : 'status'}>
      {lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </div>
  );
}

/** Nothing while all is well. A screen reader says what takes no spans at once, the rest in its turn. */
export function Banner() {
  useEffect(
    () =>
      poll(async (abort) => {
        health.value = (await getStatus(abort)).health ?? [];
      }, BETWEEN_LOOKS_MS),
    [],
  );
  const urgent = health.value.filter(({ level }) => level === 'refusing' || level === 'failed').map(sentence);
  const mild = health.value.filter(({ level }) => level === 'degraded').map(sentence);
  const spans = unreadableSpans.value;
  if (spans > 0) {
    mild.push(
      `${spans.toLocaleString('en')} spans are damaged where they are stored; what is shown here may lack some of them.`,
    );
  }
  return (
    <>
      {urgent.length > 0 && <Lines lines={urgent} urgent />}
      {mild.length > 0 && <Lines lines={mild} urgent={false} />}
    </>
  );
}
