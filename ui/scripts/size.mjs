// SPDX-License-Identifier: Apache-2.0
// Compares the gzip sizes of the build with scripts/size-budget.json.
import { readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const DIST = new URL('../dist/', import.meta.url);
const budget = JSON.parse(readFileSync(new URL('size-budget.json', import.meta.url), 'utf8'));
const page = readFileSync(new URL('index.html', DIST), 'utf8');
const packed = (name) => gzipSync(readFileSync(new URL(`assets/${name}`, DIST)), { level: 9 }).length;
const total = (names) => names.reduce((sum, name) => sum + packed(name), 0);

const assets = readdirSync(new URL('assets/', DIST));
const scripts = assets.filter((name) => name.endsWith('.js'));
const measured = {
  initialJs: total(scripts.filter((name) => page.includes(name))),
  allJs: total(scripts),
  css: total(assets.filter((name) => name.endsWith('.css'))),
};
let over = 0;
for (const [name, bytes] of Object.entries(measured)) {
  const limit = budget[name] * 1000;
  if (bytes > limit) over++;
  process.stdout.write(
    `${name.padEnd(10)} ${(bytes / 1000).toFixed(1).padStart(7)} kB gzip of ${budget[name]} kB${bytes > limit ? '  OVER' : ''}\n`,
  );
}
process.exit(over ? 1 : 0);
