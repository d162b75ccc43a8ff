// SPDX-License-Identifier: Apache-2.0
import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { Notice } from '../widgets/notice';

interface LazyProps {
  readonly load: () => Promise<ComponentType>;
}

/** A page whose code is fetched when it is first shown. */
export function Lazy({ load }: LazyProps) {
  const page = useSignal<ComponentType | undefined>(undefined);
  const failed = useSignal(false);
  useEffect(() => {
    load().then(
      (loaded) => {
        page.value = loaded;
      },
      () => {
        failed.value = true;
      },
    );
  }, [load]);
  const Loaded = page.value;
  if (Loaded) return <Loaded />;
  return failed.value ? <Notice title="This page could not be loaded" tone="error" /> : null;
}
