// SPDX-License-Identifier: Apache-2.0
import { CopyButton } from './copy_button';

interface CodeBlockProps {
  readonly code: string;
  readonly what: string;
}

export function CodeBlock({ code, what }: CodeBlockProps) {
  return (
    <div class="codeblock">
      <pre tabIndex={0} aria-label={what}>
        <code>{code}</code>
      </pre>
      <CopyButton text={code} what={what} label="Copy" />
    </div>
  );
}
