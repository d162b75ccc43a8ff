// SPDX-License-Identifier: Apache-2.0
// Reads the columnar trace (docs/formats/ui-api.md, "GET /trace/{traceId}"). The columns are views into the received
// buffer: nothing is copied and no span becomes an object. Every bound is checked before a view is made, and the tree
// before anyone walks it.

export const FLAG_ERROR = 1;
export const FLAG_OK = 2;
export const FLAG_ORPHAN = 4;
export const FLAG_LINKS = 8;

export interface TraceColumns {
  readonly traceId: string;
  readonly spanCount: number;
  readonly startNs: string;
  readonly durationNs: number;
  readonly services: readonly string[];
  readonly operations: readonly string[];
  readonly start: Float64Array;
  readonly duration: Float64Array;
  readonly subtree: Uint32Array;
  readonly operation: Uint32Array;
  readonly service: Uint16Array;
  readonly depth: Uint16Array;
  readonly events: Uint16Array;
  readonly kind: Uint8Array;
  readonly flags: Uint8Array;
  readonly spanId: Uint8Array;
}

interface Header {
  readonly traceId: string;
  readonly spanCount: number;
  readonly startNs: string;
  readonly durationNs: string;
  readonly services: readonly string[];
  readonly operations: readonly string[];
  readonly columns: Readonly<Record<string, { readonly type: string; readonly offset: number } | undefined>>;
}

const MAGIC = 'SPNDTRC1';
const PREFIX = 12;

interface ColumnType<T> {
  new (buffer: ArrayBuffer, offset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

function readHeader(buffer: ArrayBuffer): { readonly header: Header; readonly first: number } {
  if (buffer.byteLength < PREFIX) throw new Error('trace: too short');
  const magic = new TextDecoder('latin1').decode(new Uint8Array(buffer, 0, 8));
  if (magic !== MAGIC) throw new Error('trace: unknown format');
  const size = new DataView(buffer).getUint32(8, true);
  if (PREFIX + size > buffer.byteLength) throw new Error('trace: header is cut off');
  const header = parseHeader(new TextDecoder().decode(new Uint8Array(buffer, PREFIX, size)));
  return { header, first: (PREFIX + size + 7) & ~7 };
}

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((text) => typeof text === 'string');

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false;
  const h = value as Partial<Record<keyof Header, unknown>>;
  const columns = h.columns;
  return (
    [h.traceId, h.startNs, h.durationNs].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(h.spanCount) &&
    Number(h.spanCount) >= 0 &&
    isTexts(h.services) &&
    isTexts(h.operations) &&
    typeof columns === 'object' &&
    columns !== null
  );
}

function parseHeader(text: string): Header {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('trace: header is not JSON');
  }
  if (!isHeader(value)) throw new Error('trace: header is not one of a trace');
  return value;
}

function checkTree(t: TraceColumns): void {
  for (let i = 0; i < t.spanCount; i++) {
    const size = t.subtree[i] ?? 0;
    if (size < 1 || i + size > t.spanCount) throw new Error(`trace: span ${i} has an impossible subtree`);
    if ((t.service[i] ?? 0) >= t.services.length || (t.operation[i] ?? 0) >= t.operations.length) {
      throw new Error(`trace: span ${i} names nothing`);
    }
    if (i > 0 && (t.depth[i] ?? 0) > (t.depth[i - 1] ?? 0) + 1) throw new Error(`trace: span ${i} skips a level`);
  }
}

/** Throws an Error that says what is wrong when the bytes are not a trace. */
export function readTraceColumns(buffer: ArrayBuffer): TraceColumns {
  const { header, first } = readHeader(buffer);
  const n = header.spanCount;
  const view = <T>(name: string, type: string, Type: ColumnType<T>, length = n): T => {
    const column = header.columns[name];
    if (!column || column.type !== type) throw new Error(`trace: column ${name} is missing`);
    const offset = first + column.offset;
    if (!(offset >= first) || offset % 8 !== 0 || offset + length * Type.BYTES_PER_ELEMENT > buffer.byteLength)
      throw new Error(`trace: column ${name} is cut off`);
    return new Type(buffer, offset, length);
  };
  const columns: TraceColumns = {
    traceId: header.traceId,
    spanCount: n,
    startNs: header.startNs,
    durationNs: Number(header.durationNs),
    services: header.services,
    operations: header.operations,
    start: view('start', 'f64', Float64Array),
    duration: view('duration', 'f64', Float64Array),
    subtree: view('subtree', 'u32', Uint32Array),
    operation: view('operation', 'u32', Uint32Array),
    service: view('service', 'u16', Uint16Array),
    depth: view('depth', 'u16', Uint16Array),
    events: view('events', 'u16', Uint16Array),
    kind: view('kind', 'u8', Uint8Array),
    flags: view('flags', 'u8', Uint8Array),
    spanId: view('spanId', 'u8', Uint8Array, n * 8),
  };
  checkTree(columns);
  return columns;
}
