// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from 'vitest/config';

// The page is served by the spandrel binary under any path prefix: all references are relative.
export default defineConfig({
  base: './',
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  worker: { format: 'es' },
  server: { proxy: { '/api': process.env['SPANDREL_URL'] ?? 'http://127.0.0.1:16686' } },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
});
