// SPDX-License-Identifier: Apache-2.0
import type { Attribute } from '../../api/types';
import { formatCondition } from '../../base/logfmt';
import { href } from '../../base/router';
import { msOf, nsOf } from '../../base/time';
import { CopyButton } from '../../widgets/copy_button';
import { SearchIcon } from '../../widgets/icons';

interface AttributesProps {
  readonly title: string;
  readonly attributes: readonly Attribute[];
  /** Where a search link looks: the span's service; empty for any. */
  readonly service: string;
  /** When the span started: a search link looks around it. */
  readonly startNs: string;
}

/** The value as text: nested values as JSON. */
export function valueText({ value }: Attribute): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const AROUND_MS = 1_800_000;

/** The last hour if the span is of it, else half an hour to both sides. */
function timeAround(startNs: string): { readonly from: string; readonly to: string } {
  const ms = msOf(startNs);
  const recent = Date.now() - ms < 2 * AROUND_MS;
  return recent ? { from: 'now-1h', to: '' } : { from: nsOf(ms - AROUND_MS), to: nsOf(ms + AROUND_MS) };
}

function searchFor(attribute: Attribute, service: string, startNs: string): string {
  return href(['search'], {
    service,
    tags: formatCondition({ key: attribute.key, operator: '=', value: valueText(attribute) }),
    ...timeAround(startNs),
  });
}

/** Attributes in the order in which they were sent, each with a copy button and a search link. */
export function Attributes({ title, attributes, service, startNs }: AttributesProps) {
  if (attributes.length === 0) return null;
  return (
    <details class="details-block" open>
      <summary>
        {title} <span class="details-count">{attributes.length}</span>
      </summary>
      <dl class="attributes">
        {attributes.map((attribute, i) => (
          <div key={`${attribute.key} ${i}`} class="attribute">
            <dt>{attribute.key}</dt>
            <dd class={`value-${attribute.type}`}>{valueText(attribute) || <em>empty</em>}</dd>
            <dd class="attribute-actions">
              <CopyButton text={valueText(attribute)} what={attribute.key} />
              <a
                class="button quiet small"
                href={searchFor(attribute, service, startNs)}
                aria-label={`Search traces with this ${attribute.key}`}
                title="Search traces with this value"
              >
                <SearchIcon />
              </a>
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
