// SPDX-License-Identifier: Apache-2.0
import type { Attribute, SpanEvent, SpanLink } from '../../api/types';
import { formatDuration } from '../../base/duration';
import { href } from '../../base/router';
import { minusNs } from '../../base/time';
import { CopyButton } from '../../widgets/copy_button';
import { Attributes, valueText } from './attributes';

interface EventsProps {
  readonly events: readonly SpanEvent[];
  readonly startNs: string;
}

const textOf = (attributes: readonly Attribute[], key: string): string => {
  const found = attributes.find((attribute) => attribute.key === key);
  return found ? valueText(found) : '';
};

function Exception({ event }: { readonly event: SpanEvent }) {
  const stack = textOf(event.attributes, 'exception.stacktrace');
  return (
    <div class="exception">
      <p>
        <strong>{textOf(event.attributes, 'exception.type') || 'exception'}</strong>{' '}
        {textOf(event.attributes, 'exception.message')}
      </p>
      {stack && (
        <details>
          <summary>Stack trace</summary>
          <CopyButton text={stack} what="stack trace" />
          <pre tabIndex={0} aria-label="Stack trace">
            {stack}
          </pre>
        </details>
      )}
    </div>
  );
}

function Event({ event, startNs }: { readonly event: SpanEvent; readonly startNs: string }) {
  const isException = event.name === 'exception';
  const rest = event.attributes.filter(
    ({ key }) => !isException || !['exception.type', 'exception.message', 'exception.stacktrace'].includes(key),
  );
  return (
    <li class={isException ? 'event bad' : 'event'}>
      <p class="event-head">
        <b>{event.name || 'event'}</b>
        <span>{`+${formatDuration(minusNs(event.timeNs, startNs))}`}</span>
      </p>
      {isException && <Exception event={event} />}
      {rest.length > 0 && (
        <dl class="event-attributes">
          {rest.map((attribute, i) => (
            <div key={`${attribute.key} ${i}`}>
              <dt>{attribute.key}</dt>
              <dd>{valueText(attribute)}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

export function Events({ events, startNs }: EventsProps) {
  if (events.length === 0) return null;
  return (
    <details class="details-block" open>
      <summary>
        Events <span class="details-count">{events.length}</span>
      </summary>
      <ol class="events">
        {events.map((event, i) => (
          <Event key={i} event={event} startNs={startNs} />
        ))}
      </ol>
    </details>
  );
}

/** Links to spans of other traces, or of this one. */
export function Links({ links, startNs }: { readonly links: readonly SpanLink[]; readonly startNs: string }) {
  if (links.length === 0) return null;
  return (
    <details class="details-block" open>
      <summary>
        Links <span class="details-count">{links.length}</span>
      </summary>
      <ul class="links">
        {links.map((link, i) => (
          <li key={i}>
            <a href={href(['trace', link.traceId], { s: link.spanId })}>
              Trace <code>{link.traceId.slice(0, 16)}…</code> span <code>{link.spanId}</code>
            </a>
            <Attributes title="Link attributes" attributes={link.attributes} service="" startNs={startNs} />
          </li>
        ))}
      </ul>
    </details>
  );
}
