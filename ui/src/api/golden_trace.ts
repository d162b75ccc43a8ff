// SPDX-License-Identifier: Apache-2.0
// A trace of three spans as the server would send it, byte by byte: the format's test vector for the browser.
//   frontend "GET /a" 0..1000 ns (server), its child customer "query" 100..400 ns (client, error, 2 events, links),
//   and customer "late" 500..500 ns, whose parent is not stored.

const HEADER = {
  traceId: '0123456789abcdef0123456789abcdef',
  spanCount: 3,
  startNs: '1700000000000000001',
  durationNs: '1000',
  services: ['frontend', 'customer'],
  operations: ['GET /a', 'query', 'late'],
  columns: {
    start: { type: 'f64', offset: 0 },
    duration: { type: 'f64', offset: 24 },
    subtree: { type: 'u32', offset: 48 },
    operation: { type: 'u32', offset: 64 },
    service: { type: 'u16', offset: 80 },
    depth: { type: 'u16', offset: 88 },
    events: { type: 'u16', offset: 96 },
    kind: { type: 'u8', offset: 104 },
    flags: { type: 'u8', offset: 112 },
    spanId: { type: 'u8', offset: 120 },
  },
};

const COLUMNS = [
  '0000000000000000 0000000000005940 0000000000407f40', // start 0, 100, 500
  '0000000000408f40 0000000000c07240 0000000000000000', // duration 1000, 300, 0
  '02000000 01000000 01000000 00000000', // subtree
  '00000000 01000000 02000000 00000000', // operation
  '0000 0100 0100 0000', // service
  '0000 0100 0000 0000', // depth
  '0000 0200 0000 0000', // events
  '02 03 01 0000000000', // kind
  '02 09 04 0000000000', // flags
  '0102030405060708 1112131415161718 2122232425262728', // spanId
];

export const GOLDEN_HEADER: Readonly<typeof HEADER> = HEADER;

/** The vector; `header` and `columns` can be spoiled for tests of bad input. */
export function goldenTrace(header: unknown = HEADER, columns: readonly string[] = COLUMNS): ArrayBuffer {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const body = Uint8Array.from(columns.join('').replaceAll(' ', '').match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const first = (12 + json.length + 7) & ~7;
  const out = new Uint8Array(first + body.length);
  out.set(new TextEncoder().encode('SPNDTRC1'));
  new DataView(out.buffer).setUint32(8, json.length, true);
  out.set(json, 12);
  out.set(body, first);
  return out.buffer;
}

export const GOLDEN_COLUMNS: readonly string[] = COLUMNS;
