// How long a warm audit job takes beside Zendesk's answers: the whole action, without the time in which a request was open.
// GitHub's own services are stubs here, so uploading is a copy. Run it with a release build:
//   G_GREMLIN_PROFILE=release node --import ./tests/action/json_imports.mjs tests/action/overhead.mjs
import { runWorkflow } from './runner.mjs';
import { makeWorld } from './world.mjs';

const RUNS = 7;

/** Milliseconds in which at least one request was open. */
function open(requests) {
  let [total, until] = [0, 0];
  for (const { at, millis } of requests.toSorted((a, b) => a.at - b.at)) {
    total += Math.max(0, at + millis - Math.max(at, until));
    until = Math.max(until, at + millis);
  }
  return total;
}

const shown = [];
for (let run = 0; run < RUNS; run += 1) {
  const world = await makeWorld();
  try {
    for (const warm of [false, true]) {
      world.zendesk.requests.length = 0;
      const { audit } = await runWorkflow({ file: world.workflow('drift-audit.yml'), world: world.run('schedule') });
      if (audit.result !== 'success') throw new Error(audit.text);
      // The second has everything that a later one has: a baseline to find, download and compare with.
      if (warm) shown.push({ total: audit.millis.Audit, zendesk: open(world.zendesk.requests), steps: audit.millis });
    }
  } finally {
    await world.close();
  }
}
shown.sort((a, b) => a.total - a.zendesk - (b.total - b.zendesk));
const { total, zendesk, steps } = shown[Math.floor(RUNS / 2)];
console.log(`the action took ${total.toFixed(0)} ms, ${zendesk.toFixed(0)} ms of it waiting for the fake Zendesk: ${(total - zendesk).toFixed(0)} ms of its own (median of ${RUNS})`);
for (const [name, millis] of Object.entries(steps)) console.log(`  ${name}: ${millis.toFixed(0)} ms`);
