// SPDX-License-Identifier: Apache-2.0
// What the page is tested against: a running server (SPANDREL_URL), the real binary started here (SPANDREL_BIN: the
// folder of `spandrel`, or the program itself), or the mock.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMock } from '../../ui/mock/server.mjs';
import { sendTraces } from './otlp.mjs';

const START_MS = 20_000;

/** Waits until `probe` gives something; fails with `what` after `limitMs`. */
export async function until(probe, what, limitMs = 15_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`);
    await sleep(50);
  }
}

async function programOf(path) {
  return (await stat(path)).isDirectory() ? join(path, 'spandrel') : path;
}

async function readReady(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const ANY = '127.0.0.1:0';
const allInOne = async (folder) => ['--data-dir', join(folder, 'data'), '--otlp-grpc', ANY, '--otlp-http', ANY, '--http', ANY, '--tempo', ANY];

/** `argumentsFor` is told the folder of the server's files. */
async function startBinary(path, argumentsFor = allInOne) {
  const folder = await mkdtemp(join(tmpdir(), 'spandrel-e2e-'));
  const ready = join(folder, 'ready.json');
  const child = spawn(await programOf(path), [...await argumentsFor(folder), '--ready-file', ready],
    { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const at = await until(async () => {
    if (child.exitCode !== null) throw new Error(`spandrel ended with ${child.exitCode}`);
    return readReady(ready);
  }, 'spandrel to start', START_MS);
  return {
    url: `http://${at.http}`,
    fill: (traces) => sendTraces(at.otlp_http, traces),
    close: async () => { child.kill('SIGTERM'); await exited; await rm(folder, { recursive: true, force: true }); },
  };
}

/** True when the tests run on somebody else's server, which cannot be emptied. */
export const isForeign = process.env.SPANDREL_URL !== undefined;

/** True when the tests start the real binary themselves. */
export const isReal = !isForeign && process.env.SPANDREL_BIN !== undefined;

/** The real binary with the configuration that `make` gives for a folder. */
export function startConfigured(make) {
  return startBinary(process.env.SPANDREL_BIN, async (folder) => {
    const file = join(folder, 'config.yaml');
    await writeFile(file, make(folder));
    return ['--config', file];
  });
}

/** {url, fill(traces), close()}; empty unless it is somebody else's. */
export async function startServer() {
  if (isForeign) return { url: process.env.SPANDREL_URL.replace(/\/$/, ''), fill: async () => undefined, close: async () => undefined };
  if (process.env.SPANDREL_BIN) return startBinary(process.env.SPANDREL_BIN);
  return startMock({ traces: [] });
}
