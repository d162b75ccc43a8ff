// SPDX-License-Identifier: Apache-2.0
// Signing in on the page with each authenticator, in Chromium against the real binary.
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { openBrowser } from './browser.mjs';
import { isReal, startConfigured } from './server.mjs';

const LIMIT_MS = 60_000;

const config = (authenticator, block) => (folder) => `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {store: {store: store}}
extensions:
  store: {directory: "${folder}/data", durability: memory}
  query: {endpoint: "127.0.0.1:0", store: store, auth: {authenticator: ${authenticator}}}
  ${authenticator}: ${block}
service:
  extensions: [store, query, ${authenticator}]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [store]}}
`;

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** An OpenID Connect issuer, where everybody is ann: {url, token(claims), close()}. */
async function startIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] };
  let url;
  const token = (claims) => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const text = `${encoded({ alg: 'RS256', kid: 'k1' })}.${encoded({ iss: url, aud: 'spandrel', exp, ...claims })}`;
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  };
  const discovery = () => ({
    issuer: url,
    jwks_uri: `${url}/keys`,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
  });
  const answers = {
    '/keys': (_, response) => response.end(JSON.stringify(keys)),
    // The code says what the token needs, since nobody but this browser takes part.
    '/authorize': ({ searchParams: asked }, response) => {
      const back = `${asked.get('redirect_uri')}?state=${asked.get('state')}&code=${asked.get('nonce')}`;
      response.setHeader('content-type', 'text/html');
      response.end(`<h1>The issuer</h1><a href="${back}">I am ann</a>`);
    },
    '/token': (_, response, form) =>
      response.end(JSON.stringify({ id_token: token({ sub: 'ann', aud: 'page', nonce: form.get('code') }) })),
  };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const asked = new URL(request.url, url);
      const answer = answers[asked.pathname] ?? (() => response.end(JSON.stringify(discovery())));
      answer(asked, response, new URLSearchParams(Buffer.concat(chunks).toString()));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  return { url, token, close: () => server.close() };
}

describe('signing in', { skip: !isReal && 'needs the real binary' }, () => {
  let browser;
  let issuer;

  before(async () => {
    browser = await openBrowser();
    browser.context.setDefaultTimeout(LIMIT_MS);
    issuer = await startIssuer();
  });

  after(async () => {
    issuer?.close();
    await browser?.close();
  });

  async function serve(t, make) {
    const server = await startConfigured(make);
    t.after(() => server.close());
    const page = await browser.context.newPage();
    t.after(() => page.close());
    page.on('dialog', () => assert.fail('a dialog of the browser'));
    await page.goto(`${server.url}/search`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    return { page, server };
  }

  async function typeIn(page, fields, button) {
    for (const [label, text] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(text);
    await page.getByRole('button', { name: button, exact: true }).click();
  }

  const searchIsThere = (page) => page.getByRole('button', { name: /^Sign out/ }).waitFor();

  test('with a user and a password', async (t) => {
    const { page, server } = await serve(t, config('basicauth', '{htpasswd: {inline: "ann:secret"}}'));
    assert.equal(await page.getByLabel('Token').count(), 0);
    await typeIn(page, { User: 'ann', Password: 'guess' }, 'Sign in');
    await page.getByRole('alert').filter({ hasText: 'wrong' }).waitFor();
    await typeIn(page, { User: 'ann', Password: 'secret' }, 'Sign in');
    await searchIsThere(page);
    const cookies = await browser.context.cookies(server.url);
    assert.deepEqual(cookies.map(({ httpOnly, sameSite, path }) => ({ httpOnly, sameSite, path })), [
      { httpOnly: true, sameSite: 'Strict', path: '/' },
    ]);
    assert.equal(await page.evaluate(() => document.cookie), '');
    await page.reload();
    await searchIsThere(page);
    await page.getByRole('button', { name: 'Sign out ann' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  test('with a token', async (t) => {
    const { page } = await serve(t, config('bearertokenauth', '{tokens: [t0ken]}'));
    assert.equal(await page.getByLabel('User').count(), 0);
    await typeIn(page, { Token: 'guess' }, 'Sign in with a token');
    await page.getByRole('alert').waitFor();
    await typeIn(page, { Token: 't0ken' }, 'Sign in with a token');
    await searchIsThere(page);
  });

  test('with a token of an OpenID Connect issuer', async (t) => {
    const { page } = await serve(t, config('oidc', `{issuer_url: "${issuer.url}", audience: spandrel}`));
    await typeIn(page, { Token: issuer.token({ sub: 'ann', aud: 'shop' }) }, 'Sign in with a token');
    await page.getByRole('alert').waitFor();
    await typeIn(page, { Token: issuer.token({ sub: 'ann' }) }, 'Sign in with a token');
    await page.getByRole('button', { name: 'Sign out ann' }).waitFor();
  });

  test('on the page of an OpenID Connect issuer, and back to where one was', async (t) => {
    const block = `{issuer_url: "${issuer.url}", audience: spandrel, sign_in: {client_id: page}}`;
    const { page, server } = await serve(t, config('oidc', block));
    await page.goto(`${server.url}/search?service=shop`);
    // The issuer may not be known yet when the server has just begun.
    for (;;) {
      const link = page.getByRole('link', { name: 'Sign in with 127.0.0.1' });
      await link.click();
      const heading = page.getByRole('heading', { name: /The issuer|Not signed in/ });
      await heading.waitFor();
      if ((await heading.textContent()) === 'The issuer') break;
      await page.goBack();
    }
    await page.getByRole('link', { name: 'I am ann' }).click();
    await page.getByRole('button', { name: 'Sign out ann' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/search');
    assert.equal(new URL(page.url()).searchParams.get('service'), 'shop');
    assert.ok((await browser.context.cookies(server.url)).every(({ httpOnly }) => httpOnly));
  });
});
