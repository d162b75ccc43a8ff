// SPDX-License-Identifier: Apache-2.0
import './key_table.css';

export type KeyRows = readonly (readonly [keys: string, meaning: string])[];

interface KeyTableProps {
  readonly rows: KeyRows;
}

/** Keys and what they do. Several keys are separated by spaces. */
export function KeyTable({ rows }: KeyTableProps) {
  return (
    <dl class="key-table">
      {rows.map(([keys, meaning]) => (
        <div key={keys}>
          <dt>
            {keys.split(' ').map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}
