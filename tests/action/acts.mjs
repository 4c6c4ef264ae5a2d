// What the cases have in common: audits, dispatches and approvals in a world, and what must hold after every run.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { blob } from './github_api.mjs';
import { runAction, runWorkflow } from './runner.mjs';
import { REPOSITORY, ZENDESK_SECRETS, ZENDESK_VARIABLES } from './world.mjs';

/** Account names and ids, domains and org names that the demo's data holds: what must stay out of public places. */
export const NAMES = /Acme|001ACME|\.example\b/i;
export const GITHUB_VARIABLES = ['GITHUB_TOKEN', 'GH_TOKEN', 'ATTESTATION_TOKEN'];

export const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
export const inArtifact = (artifact, pattern) => {
  const found = artifact.files.filter((file) => pattern.test(file));
  assert.equal(found.length, 1, `one ${pattern} in ${artifact.files}`);
  return path.join(artifact.folder, found[0]);
};

/** Every artifact so far, with its files. */
export const artifacts = (world) => world.api.artifacts.map((one) => ({ ...one, files: world.filesOf(one) }));

/** The steps of the action that hold a value in one of the variables. */
export function holders(record, variables) {
  const holding = record.started.filter(({ inner, env }) => inner && variables.some((name) => env[name]));
  return holding.map(({ name }) => name);
}

/** What holds of every run: no step has both sides' credentials, nothing secret is printed, every input is known. */
export function sound(record, world) {
  for (const { name, env, inner, with: inputs } of record.started) {
    const zendesk = ZENDESK_VARIABLES.filter((variable) => env[variable]);
    const github = GITHUB_VARIABLES.filter((variable) => env[variable]);
    const token = [...Object.values(env), ...Object.values(inputs ?? {})].some((value) => value?.includes(record.machine.github.token));
    assert.ok(!inner || zendesk.length === 0 || (github.length === 0 && !token), `${name}: ${zendesk} beside ${github}`);
  }
  assert.deepEqual(record.warnings, []);
  assert.equal(record.droppedAnnotations, 0);
  const shown = [record.text, record.summary, JSON.stringify(record.annotations)].join('\n');
  for (const secret of [...Object.values(ZENDESK_SECRETS), record.machine.github.token]) {
    assert.ok(!shown.includes(secret), 'a secret was printed');
  }
  assert.ok(!shown.includes('***'), 'a secret was printed, and only the mask hid it');
  assert.deepEqual(world.api.unknown, []);
}

/** An audit by the workflow, as the schedule starts it. */
export async function scheduledAudit(world, more = {}) {
  return auditOf(world, world.run('schedule', { schedule: '17 5 * * 1-5' }, more));
}

/** An audit by the workflow, as a run starts it. */
export async function auditOf(world, run, inputs = {}, file = world.workflow('drift-audit.yml')) {
  const { audit } = await runWorkflow({ file, world: run, inputs });
  sound(audit, world);
  return Object.assign(audit, { runId: run.runId, outputs: audit.steps.__1.outputs, ended: audit.steps.__1 });
}

/** The action alone, with what its `with` and `env` say. */
export async function action(world, inputs, { event = 'workflow_dispatch', payload = {}, env = ZENDESK_SECRETS, more = {} } = {}) {
  const permissions = { actions: 'read', contents: 'read', 'pull-requests': 'write' };
  const run = world.run(event, payload, { prepare: (machine) => world.checkoutInto(machine), ...more });
  run.token = run.tokenFor(permissions);
  const record = await runAction({ world: run, inputs, env });
  sound(record, world);
  return record;
}

/** A process and everything that it started. */
export function family(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

/** Adds a merged pull request of bob's with the approval of a hash, and a review. Returns the review. */
export function approve(world, hash, { reviewer }) {
  const file = `.g-gremlin/approvals/${hash}.yaml`;
  const head = 'a'.repeat(40);
  const user = (login, id) => ({ login, id, type: 'User' });
  const review = { id: 1, user: user(reviewer, 3), state: 'APPROVED', commit_id: head, submitted_at: '2026-04-18T00:00:00Z', body: '' };
  const approval = `plan_hash: ${hash}\nexpires: 2099-12-31\n`;
  world.api.files[file] = approval;
  world.api.roles.ada = 'admin';
  world.api.pulls.push({
    id: 12,
    number: 12,
    state: 'closed',
    merged: true,
    merged_at: '2026-04-18T01:00:00Z',
    merge_commit_sha: 'b'.repeat(40),
    base: { ref: 'main', sha: 'c'.repeat(40), repo: world.api.repositoryObject(REPOSITORY) },
    head: { ref: 'approve', sha: head, repo: world.api.repositoryObject(REPOSITORY) },
    user: user('bob', 2),
    files: [{ filename: file, status: 'added', sha: blob(approval), additions: 2, deletions: 0, changes: 2 }],
    reviews: [review],
  });
  return review;
}

/** A dispatch of the apply's workflow for the plan of an audit. `more` are further inputs, `options` those of the run. */
export async function dispatch(world, audit, more = {}, options = {}) {
  const run = world.run('workflow_dispatch', { inputs: {} }, { workflow: 'drift-apply.yml', ...options });
  const inputs = { 'audit-run-id': String(audit.runId), 'plan-hash': audit.outputs['plan-hash'], ...more };
  const jobs = await runWorkflow({ file: world.workflow('drift-apply.yml'), world: run, inputs, kept: options.kept });
  for (const job of Object.values(jobs)) if (job.result !== 'skipped') sound(job, world);
  return Object.assign(jobs, { runId: run.runId });
}

/** The receipt in the newest artifact. */
export const newestReceipt = (world) => json(inArtifact(artifacts(world).at(-1), /_apply\/apply_receipt\.json$/));
