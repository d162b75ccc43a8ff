// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, headless, with a profile of its own that goes away with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** Starts a browser; `close` ends it and removes its profile. */
export async function openBrowser({ width = 1440, height = 900, args = [], ...options } = {}) {
  const profile = await mkdtemp(join(tmpdir(), 'spandrel-e2e-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: [...FLAGS, ...args], viewport: { width, height }, ...options,
  });
  return { context, close: async () => { await context.close(); await rm(profile, { recursive: true, force: true }); } };
}
