// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spandrel::demo {

inline constexpr char kFrontPage[] = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Rides on demand</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; background: #fff }
  button { font: inherit; padding: .6rem 1rem; margin: 0 .4rem .4rem 0; border: 1px solid #2457a6; border-radius: 6px; background: #2457a6; color: #fff; cursor: pointer }
  button:focus-visible { outline: 3px solid #f0a020 }
  li { margin: .3rem 0 } code { background: #eef1f5; padding: 0 .3em; border-radius: 3px }
  #log { padding: 0; list-style: none }
  @media (prefers-color-scheme: dark) { body { color: #dfe5ee; background: #14181f } code { background: #262d38 } a { color: #8db7ff } }
</style>
<main>
<h1>Rides on demand</h1>
<p>Four C++ services in one process, traced with the Spandrel library. A click sends a driver to a customer; the link leads to
what happened meanwhile.</p>
<p id="buttons"></p>
<ul id="log" aria-live="polite"></ul>
<h2>What to look for</h2>
<ol>
  <li><b>Who calls whom</b>: the Map draws it from the traces alone.</li>
  <li><b>Where the time goes</b>: open a trace. The database takes 300 ms, the ten drivers are asked one after the other, and
  the routes come three at a time.</li>
  <li><b>Errors</b>: some cache reads time out. Search for <code>error</code> spans of the service <code>driver</code>.</li>
  <li><b>Contention</b>: click quickly. The database has one connection; the event <i>waiting for the connection</i> names the
  requests in front, which it knows from the baggage.</li>
  <li><b>Repair it</b>: start <code>spandrel-demo</code> with <code>--fix-db-delay</code>, <code>--fix-db-lock</code>,
  <code>--fix-driver-lookups</code> or <code>--fix-route-workers</code>, and compare.</li>
</ol>
</main>
<script>
  const customers = { 123: "Rachel's Floral Designs", 392: 'Trom Chocolatier', 567: 'Amazing Coffee Roasters', 731: 'Japanese Desserts' };
  const log = document.getElementById('log');
  async function dispatch(id) {
    const line = log.insertBefore(document.createElement('li'), log.firstChild);
    line.textContent = customers[id] + ': looking for a driver ...';
    const start = performance.now();
    try {
      const answer = await (await fetch('/dispatch?customer=' + id)).json();
      const took = Math.round(performance.now() - start) + ' ms';
      if (answer.error) { line.textContent = customers[id] + ': ' + answer.error; return; }
      line.textContent = answer.customer + ': ' + answer.driver + ' arrives in ' + answer.minutes + ' min (took ' + took + ') ';
      const link = line.appendChild(document.createElement('a'));
      link.href = answer.trace;
      link.textContent = 'trace';
    } catch (error) { line.textContent = customers[id] + ': ' + error; }
  }
  for (const id of Object.keys(customers)) {
    const button = document.getElementById('buttons').appendChild(document.createElement('button'));
    button.textContent = customers[id];
    button.addEventListener('click', () => dispatch(id));
  }
</script>
</html>
)html";

}  // namespace spandrel::demo
