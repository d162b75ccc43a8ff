// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';

interface NoticeProps {
  readonly title: string;
  readonly tone?: 'plain' | 'error';
  readonly children?: ComponentChildren;
}

/** What stands where content would be: nothing found, still loading, an error. */
export function Notice({ title, tone = 'plain', children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === 'error' ? 'alert' : 'status'}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}
