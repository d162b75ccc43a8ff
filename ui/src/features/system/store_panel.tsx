// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { groupDigits } from '../../base/digits';
import { type Store, formatAge, formatBytes, formatUtc } from './model';

const DURABILITY: Readonly<Record<string, string>> = {
  fsync: 'Acknowledged spans survive a power cut',
  os: 'Acknowledged spans survive a crash of the process, not of the machine',
  memory: 'Acknowledged spans are lost when the process ends early',
};

function Tile({ label, value, note }: { readonly label: string; readonly value: string; readonly note: string }) {
  return (
    <div class="system-tile">
      <dt>{label}</dt>
      <dd>
        {value}
        <small>{note}</small>
      </dd>
    </div>
  );
}

function Row({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Retention({ store }: { readonly store: Store }) {
  const { maxAgeSeconds, maxBytes, minFreeBytes, freeDiskBytes } = store;
  const disk = `${formatBytes(freeDiskBytes)} are free`;
  return (
    <dl class="system-rows">
      <Row label="Drop spans older than">{maxAgeSeconds > 0 ? formatAge(maxAgeSeconds) : 'no limit'}</Row>
      <Row label="Drop the oldest above">{maxBytes > 0 ? formatBytes(maxBytes) : 'no limit'}</Row>
      <Row label="Keep free on the disk">
        <span class={freeDiskBytes < minFreeBytes ? 'bad' : ''}>
          {minFreeBytes > 0 ? `${formatBytes(minFreeBytes)} (${disk})` : `not asked for (${disk})`}
        </span>
      </Row>
    </dl>
  );
}

function Contents({ store }: { readonly store: Store }) {
  return (
    <dl class="system-rows">
      <Row label="Oldest span, UTC">
        {store.oldestMs === undefined ? 'none in a part yet' : formatUtc(store.oldestMs)}
      </Row>
      <Row label="Newest span, UTC">
        {store.newestMs === undefined ? 'none in a part yet' : formatUtc(store.newestMs)}
      </Row>
      <Row label="Durability">
        <code>{store.durability}</code> {DURABILITY[store.durability]}
      </Row>
    </dl>
  );
}

/** One store: sizes, contents, what it may drop. */
export function StorePanel({ store }: { readonly store: Store }) {
  return (
    <section class="panel system-store">
      <h2>
        Store <code>{store.directory}</code>
      </h2>
      <dl class="system-tiles">
        <Tile
          label="Spans"
          value={groupDigits(store.spans)}
          note={`${groupDigits(store.headSpans)} of them not in a part yet`}
        />
        <Tile
          label="On disk"
          value={formatBytes(store.diskBytes)}
          note={`${formatBytes(store.partBytes)} parts, ${formatBytes(store.logBytes)} log`}
        />
        <Tile
          label="Bytes a span"
          value={store.bytesPerSpan === undefined ? '–' : store.bytesPerSpan.toFixed(1)}
          note="in parts"
        />
        <Tile label="Parts" value={groupDigits(store.parts)} note="sealed files" />
        <Tile label="Head" value={formatBytes(store.headBytes)} note="in memory, waits to be sealed" />
      </dl>
      <div class="system-halves">
        <div>
          <h3>Contents</h3>
          <Contents store={store} />
        </div>
        <div>
          <h3>Retention</h3>
          <Retention store={store} />
        </div>
      </div>
    </section>
  );
}
