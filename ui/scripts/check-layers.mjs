// SPDX-License-Identifier: Apache-2.0
// Imports go down the layers only, and no feature imports another: base < widgets, api < features/<name> < app.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src/', import.meta.url));
const MAY_IMPORT = {
  base: ['base'],
  widgets: ['base', 'widgets'],
  api: ['base', 'api'],
  features: ['base', 'widgets', 'api'],
  app: ['base', 'widgets', 'api', 'features', 'app'],
};
/** Packages that only one place may use, so that they can be replaced there. */
const CONFINED = { '@dagrejs/dagre': 'features/map/layout_worker.ts' };

function problemsOf(file) {
  const path = relative(SRC, file);
  const [layer, feature] = path.split('/');
  const problems = [];
  for (const [, name] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    const confined = CONFINED[name];
    if (confined && confined !== path) problems.push(`${path}: only ${confined} may import ${name}`);
    if (!name.startsWith('.')) continue;
    const [toLayer, toFeature] = relative(SRC, resolve(dirname(file), name)).split('/');
    const own = layer === 'features' && toLayer === 'features' && feature === toFeature;
    if (!own && !MAY_IMPORT[layer]?.includes(toLayer)) problems.push(`${path}: ${layer} may not import ${name}`);
  }
  return problems;
}

const files = readdirSync(SRC, { recursive: true })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join(SRC, name));
const problems = files.flatMap(problemsOf);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`layers: ${files.length} files, ${problems.length} problems\n`);
process.exit(problems.length ? 1 : 0);
