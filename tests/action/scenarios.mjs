// What the action does, case by case: each starts a world of its own, runs steps for real, and asserts on what is left.
// `action.test.mjs` runs them on `action.yml`; `broken.test.mjs` runs them on broken copies, which must make them fail.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  GITHUB_VARIABLES,
  NAMES,
  action,
  approve,
  artifacts,
  auditOf,
  dispatch,
  family,
  holders,
  inArtifact,
  json,
  newestReceipt,
  scheduledAudit,
  sound,
} from './acts.mjs';
import { ACTIONS } from './actions.mjs';
import { IN_TIME } from './in_time.mjs';
import { runWorkflow } from './runner.mjs';
import { BINARY, ZENDESK_SECRETS, ZENDESK_VARIABLES, makeWorld } from './world.mjs';

export const SCENARIOS = {
  ...IN_TIME,

  'a scheduled audit of a private repository leaves summary, artifact and snapshot': async (world) => {
    const audit = await scheduledAudit(world);
    assert.equal(audit.ended.conclusion, 'success');
    assert.equal(audit.environment, 'zendesk-read');
    assert.deepEqual(audit.permissions, { contents: 'read', actions: 'read' });
    assert.deepEqual(world.zendesk.writes(), []);

    const [artifact, ...more] = artifacts(world);
    assert.equal(more.length, 0);
    assert.equal(artifact.name, `g-gremlin-audit-${audit.runId}-1`);
    const summary = json(inArtifact(artifact, /^[^/]+_audit\/summary\.json$/));
    const plan = inArtifact(artifact, /^[^/]+_audit\/fix_plan\.json$/);
    const runName = path.basename(path.dirname(plan));
    assert.ok(artifact.files.includes(`snapshots/${runName}/manifest.json`), artifact.files.join(' '));

    const { outputs } = audit;
    assert.equal(path.basename(outputs['run-dir']), runName);
    assert.equal(outputs['plan-hash'], json(plan).plan_hash);
    assert.equal(outputs['total-issues'], String(summary.total_issue_count));
    assert.equal(outputs['prepared-actions'], String(summary.prepared_action_count));
    assert.equal(outputs['blocked-actions'], String(summary.blocked_action_count));
    assert.equal(outputs['new-issues'], '', 'there is no baseline yet');
    assert.equal(outputs.breached, '');
    assert.equal(outputs['exit-code'], '0');
    assert.equal(outputs['artifact-name'], artifact.name);
    assert.match(outputs['artifact-url'], new RegExp(`/runs/${audit.runId}/artifacts/${artifact.id}$`));
    assert.ok(summary.total_issue_count > 0);

    assert.match(audit.summary, new RegExp(outputs['plan-hash']));
    assert.match(audit.summary, /Acme Retail/);
    assert.match(audit.summary, new RegExp(`gh workflow run drift-apply.yml .*${audit.runId}`));
    assert.deepEqual(holders(audit, ['ZENDESK_OAUTH_CLIENT_SECRET']), ['Run g-gremlin']);
    assert.deepEqual(holders(audit, GITHUB_VARIABLES), ['Install g-gremlin', 'Prepare']);
  },

  'the next audit is compared with the last one': async (world) => {
    const first = await scheduledAudit(world);
    const second = await scheduledAudit(world);
    assert.equal(second.ended.conclusion, 'success');
    assert.equal(second.outputs['new-issues'], '0');
    assert.equal(second.outputs['plan-hash'], first.outputs['plan-hash']);
    assert.equal(artifacts(world).length, 2);
  },

  'a new issue stays new until it is gone, and what is no baseline is never forgotten': async (world) => {
    await scheduledAudit(world);
    const limit = world.config('thresholds:\n  max_new_issues: 0\n');
    const newcomer = `${world.reference}001ACME900,Acme Newcomer,newcomer.example,,,\n`;
    world.commit({ 'gremlin.zendesk_drift.yaml': limit, 'salesforce_accounts.csv': newcomer }, 'a new account');
    world.main = world.head();
    for (const again of [false, true]) {
      const red = await scheduledAudit(world);
      assert.equal(red.outputs['exit-code'], '1', `${again} ${red.text}`);
      assert.equal(red.outputs['new-issues'], '1');
      assert.match(red.outputs['artifact-name'], /^g-gremlin-audit-\d+-1-not-a-baseline$/);
    }
    const [first] = world.api.artifacts;
    first.expired = true;
    const lost = await scheduledAudit(world);
    assert.equal(lost.outputs['exit-code'], '3', lost.text);
    assert.match(lost.summary, /there is no usable baseline[^]*has expired[^]*accept-new/);
    first.expired = false;
    world.commit({ 'salesforce_accounts.csv': world.reference }, 'as before');
    world.main = world.head();
    const green = await scheduledAudit(world);
    assert.equal(green.outputs['exit-code'], '0', green.text);
    assert.equal(green.outputs['new-issues'], '0');
  },

  'a misspelt audit workflow is an error': async (world) => {
    const run = await action(world, { 'from-run': 'latest', baseline: 'from-run', 'audit-workflow': 'drift-audti.yml' });
    assert.equal(run.outputs['exit-code'], '3', run.text);
    assert.match(run.summary, /there is no workflow drift-audti\.yml/);
    assert.equal(world.zendesk.requests.length, 0);
  },

  'after a change of the Zendesk, a dispatch audits without a baseline, and the next ones have one': async (world) => {
    await scheduledAudit(world);
    const elsewhere = world.config().replace('127.0.0.1', 'localhost');
    world.commit({ 'gremlin.zendesk_drift.yaml': elsewhere }, 'another Zendesk');
    world.main = world.head();
    const stuck = await scheduledAudit(world);
    assert.equal(stuck.outputs['exit-code'], '4', 'the pin beside the secrets names the Zendesk of before');
    world.vars.ZENDESK_SUBDOMAIN = world.vars.ZENDESK_SUBDOMAIN.replace('127.0.0.1', 'localhost');
    const compared = await scheduledAudit(world);
    assert.equal(compared.outputs['exit-code'], '2', 'a baseline of another Zendesk is an error');
    const anew = await auditOf(world, world.run('workflow_dispatch', { inputs: {} }), { 'without-baseline': true });
    assert.equal(anew.outputs['exit-code'], '0', anew.text);
    assert.equal(anew.outputs['new-issues'], '');
    const next = await scheduledAudit(world);
    assert.equal(next.outputs['exit-code'], '0', next.text);
    assert.equal(next.outputs['new-issues'], '0');
  },

  'a repository that is not private shows counts and the hash, and uploads nothing': async (world) => {
    const audit = await scheduledAudit(world);
    assert.equal(audit.ended.conclusion, 'success');
    assert.deepEqual(artifacts(world), []);
    assert.equal(audit.outputs['artifact-name'], '');
    assert.match(audit.outputs['plan-hash'], /^[0-9a-f]{64}$/);
    assert.match(audit.summary, new RegExp(audit.outputs['plan-hash']));
    const shown = [audit.text, audit.summary, JSON.stringify(audit.annotations)].join('\n');
    assert.doesNotMatch(shown.replaceAll(world.zendesk.origin, '').replaceAll('github.example', ''), NAMES);

    const allowed = await action(world, { 'allow-public-artifacts': 'true' });
    assert.ok(allowed.ok);
    assert.equal(artifacts(world).length, 1);
    assert.match(allowed.summary, /Acme Retail/);
  },

  'an event that says nothing of the repository counts as public': async (world) => {
    const run = await action(world, {}, { more: { event: {} } });
    assert.ok(run.ok);
    assert.deepEqual(artifacts(world), []);
    assert.doesNotMatch(run.summary, NAMES);
  },

  'a breached threshold fails the job last, with everything published': async (world) => {
    const run = await action(world, { thresholds: ' max_total_issues = 0 \n\nmax_blocked_actions=0' });
    assert.equal(run.ok, false);
    assert.equal(run.outputs['exit-code'], '1');
    assert.deepEqual(run.outputs.breached.split(',').toSorted(), ['max_blocked_actions', 'max_total_issues']);
    assert.equal(artifacts(world).length, 1);
    assert.match(run.summary, /max_total_issues/);
    for (const [id, step] of Object.entries(run.steps)) {
      assert.notEqual(step.conclusion, id === 'gate' ? 'success' : 'failure', id);
    }
  },

  'a configuration that is missing ends with 2, and the summary says so': async (world) => {
    const run = await action(world, { config: 'absent.yaml' });
    assert.equal(run.ok, false);
    assert.equal(run.outputs['exit-code'], '2');
    assert.equal(run.outputs['run-dir'], '');
    assert.deepEqual(artifacts(world), []);
    assert.notEqual(run.summary, '');
    assert.equal(world.zendesk.requests.length, 0);
  },

  'a Zendesk that cannot be read ends with 3, and nothing is uploaded': async (world) => {
    const run = await action(world, { 'save-snapshot': 'true' }, { env: { ZENDESK_OAUTH_TOKEN: 'wrong-token' } });
    assert.equal(run.ok, false);
    assert.equal(run.outputs['exit-code'], '3');
    assert.deepEqual(artifacts(world), []);
    assert.notEqual(run.summary, '');
  },

  'each input reaches the program': async (world) => {
    const audited = await action(world, {
      'sf-accounts': 'salesforce_accounts.csv',
      config: 'gremlin.zendesk_drift.yaml',
      'save-snapshot': 'true',
      'working-directory': '.',
      'artifact-name': 'named',
      'retention-days': '3',
      summary: 'false',
    });
    assert.ok(audited.ok);
    assert.equal(audited.summary, '');
    const [artifact] = artifacts(world);
    assert.equal(artifact.name, 'named');
    const upload = audited.started.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'));
    assert.equal(upload.with['retention-days'], '3');
    const receipt = json(inArtifact(artifact, /_audit\/receipt\.json$/));
    assert.equal(receipt.command.options.config, 'gremlin.zendesk_drift.yaml');
    assert.equal(receipt.command.options.sf_accounts, 'salesforce_accounts.csv');

    const folder = path.dirname(inArtifact(artifact, /_audit\/receipt\.json$/));
    const snapshot = path.join(artifact.folder, 'snapshots', path.basename(folder));
    world.zendesk.requests.length = 0;
    const replayed = await action(world, { snapshot, baseline: folder, thresholds: 'max_new_issues=0' }, { env: {} });
    assert.ok(replayed.ok, replayed.text);
    assert.equal(replayed.outputs['new-issues'], '0');
    assert.equal(replayed.outputs['plan-hash'], audited.outputs['plan-hash']);
    assert.equal(world.zendesk.requests.length, 0);
  },

  'credentials of the whole job reach no step that has the other side': async (world) => {
    await scheduledAudit(world);
    const everything = Object.fromEntries([...ZENDESK_VARIABLES, 'GITHUB_TOKEN', 'GH_TOKEN'].map((name) => [name, `of-${name}`]));
    const run = await action(
      world,
      { comment: 'true', 'from-run': 'latest', baseline: 'from-run', 'save-snapshot': 'true' },
      { env: { ...everything, ...ZENDESK_SECRETS } },
    );
    assert.ok(run.ok, run.text);
    assert.deepEqual(holders(run, ZENDESK_VARIABLES), ['Run g-gremlin']);
    for (const variable of ZENDESK_VARIABLES) {
      const step = run.started.find(({ name }) => name === 'Run g-gremlin');
      assert.equal(step.env[variable], ZENDESK_SECRETS[variable] ?? everything[variable]);
    }
    const withToken = run.started.filter(({ env, with: inputs }) =>
      [...Object.values(env), ...Object.values(inputs ?? {})].some((value) => value?.includes(run.machine.github.token)),
    );
    assert.deepEqual(
      withToken.map(({ name }) => name),
      ['Install g-gremlin', 'Prepare', 'Download the artifact of the audit run', 'Post the comment and the tracking issue'],
    );
  },

  'inputs are data: nothing in them is run': async (world) => {
    const touch = 'touch "$GITHUB_WORKSPACE/run"';
    const inputs = ['config', 'sf-accounts', 'thresholds', 'artifact-name', 'pr-number', 'from-run', 'audit-workflow', 'plan', 'confirm-plan-hash', 'command'];
    for (const evil of [`$(${touch})`, `"; ${touch}; "`, `'; ${touch}; '`]) {
      for (const name of inputs) {
        const command = ['plan', 'confirm-plan-hash'].includes(name) ? 'apply' : 'audit';
        const run = await action(world, { command, comment: 'true', 'from-run': 'latest', [name]: evil });
        assert.ok(!existsSync(path.join(run.machine.workspace, 'run')), `${name}: ${evil}`);
        if (name === 'command') assert.equal(run.outputs['exit-code'], '2');
      }
    }
  },

  'an input that is neither true nor false writes nothing': async (world) => {
    const run = await action(world, { command: 'apply', apply: 'yes', plan: 'fix_plan.json' });
    assert.equal(run.ok, false);
    assert.equal(run.outputs['exit-code'], '2');
    assert.equal(world.zendesk.requests.length, 0);
  },

  'an input that the command needs is asked for by its name': async (world) => {
    for (const [inputs, missing] of [
      [{ command: 'apply' }, 'the command apply needs the input plan'],
      [{ command: 'apply', plan: 'from-run' }, 'the command apply needs the input from-run'],
      [{ command: 'apply', plan: 'x', 'only-actions': '' }, 'the input only-actions is empty'],
      [{ command: 'diff' }, 'the command diff needs the input snapshot'],
      [{ command: 'diff', snapshot: 'x' }, 'the command diff needs the event of a pull request or of a merge queue'],
      [{ command: 'audit', baseline: 'from-run' }, 'the command audit needs the input from-run'],
    ]) {
      const run = await action(world, inputs);
      assert.equal(run.outputs['exit-code'], '2', missing);
      const errors = run.annotations.filter(({ level }) => level === 'error').map(({ title, message }) => `${title}: ${message}`);
      assert.ok(errors[0].includes(missing), `${errors}`);
    }
    assert.equal(world.zendesk.requests.length, 0);
  },

  'from audit to artifact to dispatch to receipt': async (world) => {
    const audit = await scheduledAudit(world);
    const go = (more) => dispatch(world, audit, more);

    const wrong = await go({ 'plan-hash': '0'.repeat(64), live: true });
    assert.equal(wrong.review.result, 'failure');
    assert.equal(wrong.review.steps['dry-run'].outputs['exit-code'], '4');
    assert.equal(wrong.apply.result, 'skipped');
    assert.deepEqual(world.zendesk.writes(), []);

    const dry = await go({});
    assert.equal(dry.review.result, 'success');
    assert.equal(dry.apply.result, 'skipped');
    assert.equal(dry.review.environment, 'zendesk-read');
    assert.deepEqual(world.zendesk.writes(), []);
    const dryReceipt = newestReceipt(world);
    assert.equal(dryReceipt.mode, 'dry_run');
    assert.match(dry.review.summary, /run `drift-apply\.yml` again .*`-f live=true`/);

    const live = await go({ live: true, 'max-actions': '4', 'max-per-account': '2' });
    assert.equal(live.review.result, 'success');
    assert.equal(live.review.outputs['selected-actions'], 'A001,A002,A003,A004');
    assert.match(live.review.summary, /This workflow run can apply the plan next.* at most 4 actions and 2 of one account/);
    assert.doesNotMatch(live.review.summary, /live=true/);
    assert.match(live.review.summary, /What an approval allows[^]*4 actions: `A001, A002, A003, A004`[^]*Last moment to apply[^]*Asked by \| `ada`/);
    assert.doesNotMatch(dry.review.summary, /What an approval allows/);
    assert.equal(live.apply.environment, 'zendesk-write');
    // Of the workflow and of the job: one apply at a time, and a dry run waits for none.
    assert.deepEqual(live.review.concurrency, [{}, {}]);
    assert.deepEqual(live.apply.concurrency, [{}, { group: 'drift-apply', 'cancel-in-progress': 'false' }]);
    assert.deepEqual(live.apply.permissions, { contents: 'read', actions: 'read', 'pull-requests': 'read' });
    const applied = artifacts(world).at(-1);
    assert.match(applied.name, /^g-gremlin-apply-\d+-1$/);
    const receipt = json(inArtifact(applied, /_apply\/apply_receipt\.json$/));
    inArtifact(applied, /_apply\/journal\.ndjson$/);
    assert.equal(receipt.mode, 'apply');
    assert.equal(receipt.source_plan_hash, audit.outputs['plan-hash']);
    assert.deepEqual(receipt.caps_used, { max_actions: 4, max_per_account: 2 });
    assert.equal(receipt.counts.applied, 3);
    assert.equal(receipt.counts.skipped, 2, 'the new domain brought one membership by itself, and the other was not approved');
    assert.deepEqual(receipt.results.filter(({ reason }) => reason === 'not_selected').map(({ action_id }) => action_id), ['A005']);
    const { outputs } = live.apply.steps.__1;
    assert.equal(outputs['exit-code'], '0');
    assert.deepEqual([outputs.applied, outputs.skipped, outputs.failed], ['3', '2', '0']);
    assert.equal(live.apply.result, 'success');
    assert.equal(world.zendesk.writes().length, 3);
    assert.notEqual(live.apply.summary, '');

    const after = await scheduledAudit(world);
    assert.ok(Number(after.outputs['prepared-actions']) < Number(audit.outputs['prepared-actions']));
  },

  'where a dispatch names no caps, those of the configuration hold': async (world) => {
    world.commit({ 'gremlin.zendesk_drift.yaml': world.config('apply:\n  max_actions: 2\n  max_per_account: 1\n') }, 'caps');
    world.main = world.head();
    const audit = await scheduledAudit(world);
    await dispatch(world, audit);
    const receipt = newestReceipt(world);
    assert.deepEqual(receipt.caps_used, { max_actions: 2, max_per_account: 1 });
  },

  'a cancelled apply finishes its action, and its receipt is uploaded': async (world) => {
    const audit = await scheduledAudit(world);
    const plan = inArtifact(artifacts(world)[0], /_audit\/fix_plan\.json$/);
    let machine;
    world.zendesk.before = async ({ method, path: asked }) => {
      if (method === 'GET' || asked === '/oauth/tokens' || machine.cancelled) return;
      machine.cancel();
      await new Promise((resolve) => setTimeout(resolve, 500));
    };
    const inputs = { command: 'apply', plan, apply: 'true', 'confirm-plan-hash': audit.outputs['plan-hash'] };
    const prepare = (made) => {
      machine = made;
      world.checkoutInto(made);
    };
    const run = await action(world, inputs, { more: { prepare } });
    assert.equal(run.ok, false);
    const receipt = newestReceipt(world);
    assert.equal(receipt.completed, false);
    assert.equal(receipt.counts.applied, 1);
    assert.equal(world.zendesk.writes().length, 1);
    assert.equal(run.outputs['exit-code'], '130');
    assert.match(run.summary, /ended early: 1 applied, 4 not reached[^]*Apply the same plan again/);
    const page = `${run.summary}\n${JSON.stringify(run.annotations)}`;
    assert.doesNotMatch(page, /40[13]|credential|refus/i, 'it was cancelled, and nothing was refused');
  },

  'an apply that is killed leaves its journal in the artifact': async (world) => {
    const audit = await scheduledAudit(world);
    const plan = inArtifact(artifacts(world)[0], /_audit\/fix_plan\.json$/);
    let machine;
    world.zendesk.before = async ({ method, path: asked }) => {
      if (method === 'GET' || asked === '/oauth/tokens') return;
      // The program, and the shell that would have told how it ended.
      if (machine.child.exitCode === null) for (const pid of family(machine.child.pid)) process.kill(pid, 'SIGKILL');
      await new Promise(() => {}); // the request that was under way never gets there
    };
    const inputs = { command: 'apply', plan, apply: 'true', 'confirm-plan-hash': audit.outputs['plan-hash'] };
    const prepare = (made) => {
      machine = made;
      world.checkoutInto(made);
    };
    const run = await action(world, inputs, { more: { prepare } });
    assert.equal(run.ok, false);
    assert.equal(run.outputs['exit-code'], '3');
    const journal = readFileSync(inArtifact(artifacts(world).at(-1), /_apply\/journal\.ndjson$/), 'utf8');
    assert.match(journal, /"intent/, 'the intention of the write that was cut');
    assert.notEqual(run.summary, '');
  },

  'where an approval is required, nothing is written without one': async (world) => {
    const audit = await scheduledAudit(world);
    const hash = audit.outputs['plan-hash'];
    const inputs = {
      command: 'apply',
      apply: 'true',
      'from-run': String(audit.runId),
      plan: 'from-run',
      'confirm-plan-hash': hash,
      'require-approval': 'true',
    };
    const refused = async (more = {}) => {
      const run = await action(world, { ...inputs, ...more });
      assert.equal(run.ok, false);
      assert.equal(run.outputs['exit-code'], '4', run.text);
      assert.deepEqual(world.zendesk.writes(), []);
      assert.notEqual(run.summary, '');
    };
    await refused();
    await refused({ 'require-approval': 'ture' });

    const review = approve(world, hash, { reviewer: 'ada' });
    await refused(); // ada dispatches
    Object.assign(review, { user: { ...review.user, login: 'carol' } });
    await refused(); // carol may not write
    world.api.roles.carol = 'write';
    const approved = await action(world, inputs);
    assert.ok(approved.ok, approved.text);
    assert.ok(world.zendesk.writes().length > 0);
    assert.ok(!holders(approved, GITHUB_VARIABLES).includes('Run g-gremlin'));
  },

  'a plan comes only from an audit run of the default branch of this repository': async (world) => {
    const audit = await scheduledAudit(world);
    const [artifact] = world.api.artifacts;
    const run = world.api.runs.find(({ id }) => id === audit.runId);
    const inputs = { command: 'apply', 'from-run': String(audit.runId), plan: 'from-run' };
    const good = await action(world, inputs);
    assert.ok(good.ok, good.text);

    const other = { ...run.head_repository, id: 2, full_name: 'mallory/support-ops', owner: { login: 'mallory', id: 2 } };
    const faults = [
      [run, { path: '.github/workflows/other.yml' }],
      [run, { event: 'pull_request' }],
      [run, { head_branch: 'feature' }],
      [run, { head_repository: other }],
      [artifact, { expired: true }],
      [artifact, { name: 'other' }],
    ];
    for (const [target, fault] of faults) {
      const kept = { ...target };
      Object.assign(target, fault);
      const refused = await action(world, inputs);
      Object.assign(target, kept);
      assert.equal(refused.ok, false, JSON.stringify(fault));
      assert.equal(refused.outputs['exit-code'], '4', JSON.stringify(fault));
      assert.equal(refused.steps.run.outcome, 'skipped');
      assert.notEqual(refused.summary, '');
    }
    const unknown = await action(world, { ...inputs, 'from-run': '1' });
    assert.equal(unknown.ok, false);
    assert.equal(unknown.steps.run.outcome, 'skipped');
  },

  'a pull request on the configuration is answered with what it does': async (world) => {
    await scheduledAudit(world);
    world.zendesk.requests.length = 0;
    const silenced = 'suppressions:\n  - code: org_domain_attached_elsewhere\n    reason: shared\n    expires: 2099-01-01\n';
    const reference = world.reference.replace(/^001ACME009.*\n/m, '');
    assert.notEqual(reference, world.reference);
    const check = async (files, more = {}) => {
      const commit = world.mergeOf(files);
      const payload = { number: 7, pull_request: { number: 7 } };
      const options = { workflow: 'drift-audit.yml', branch: 'change', checkout: { remote: world.remote, commit }, secrets: {}, ...more };
      const run = world.run('pull_request', payload, { ref: 'refs/pull/7/merge', ...options });
      const { audit, check: job } = await runWorkflow({ file: world.workflow('drift-audit.yml'), world: run });
      assert.equal(audit.result, 'skipped', 'nobody audits a branch that is not merged, with secrets');
      sound(job, world);
      return job;
    };

    const untouched = await check({ 'README.md': 'words' });
    assert.equal(untouched.result, 'success');
    assert.equal(untouched.steps.__1.outcome, 'success');
    assert.equal(untouched.summary, '');
    assert.equal(world.api.comments.length, 0);

    const own = await check({ 'gremlin.zendesk_drift.yaml': world.config(silenced) });
    assert.equal(own.result, 'success', own.text);
    assert.equal(own.environment, undefined);
    assert.deepEqual(own.permissions, { contents: 'read', actions: 'read', 'pull-requests': 'write' });
    assert.equal(world.zendesk.requests.length, 0, 'no credential, no request');
    assert.equal(world.api.comments.length, 1);
    assert.equal(world.api.comments[0].issue, 7);
    assert.match(world.api.comments[0].body, /^<!-- g-gremlin/);
    assert.match(world.api.comments[0].body, /Its own suppressions would hide 1 issue/);

    const again = await check({ 'salesforce_accounts.csv': reference });
    assert.equal(again.result, 'success', again.text);
    assert.equal(world.api.comments.length, 1, 'the same comment');
    assert.match(world.api.comments[0].body, /0 resolved, 1 left the reference/);
    assert.notEqual(again.summary, '');

    world.api.comments.length = 0;
    const fork = await check({ 'salesforce_accounts.csv': reference }, { fork: true });
    assert.equal(fork.result, 'success', fork.text);
    assert.equal(world.api.comments.length, 0);
    assert.notEqual(fork.summary, '');
    assert.ok(fork.annotations.some(({ level }) => level === 'warning'), 'the fork is told why there is no comment');

    const longer = await check({ 'gremlin.zendesk_drift.yaml': world.config('tickets:\n  lookback_days: 90\n') });
    assert.equal(longer.result, 'success', longer.text);
    assert.match(world.api.comments[0].body, /further back than the snapshot.* the tickets of 30 days/);

    const broken = await check({ 'gremlin.zendesk_drift.yaml': 'version: 2\n' });
    assert.equal(broken.result, 'failure');
    assert.equal(broken.steps.__1.outputs['exit-code'], '2');
    const [beside] = broken.annotations.filter(({ level }) => level === 'error');
    assert.equal(`${beside.file}:${beside.line}`, 'gremlin.zendesk_drift.yaml:1', JSON.stringify(beside));
    for (const said of [broken.summary, world.api.comments[0].body]) assert.match(said, /the configuration cannot be used/);
  },

  'the workflows that init writes look at the files that the configuration names': async (world) => {
    const names = { 'drift.yaml': world.config().replace('salesforce_accounts.csv', 'accounts.csv'), 'accounts.csv': world.reference };
    world.git('rm', '--quiet', 'gremlin.zendesk_drift.yaml', 'salesforce_accounts.csv');
    world.commit(names, 'other names');
    world.main = world.head();
    execFileSync(BINARY, ['zendesk', 'drift', 'init', '--github', '--action', './', '--config', 'drift.yaml'], { cwd: world.remote, stdio: 'pipe' });
    const written = (name) => path.join(world.remote, '.github/workflows', name);
    const audit = await auditOf(world, world.run('schedule', {}), {}, written('drift-audit.yml'));
    assert.equal(audit.outputs['exit-code'], '0', audit.text);

    const check = async (file, files) => {
      const more = { workflow: 'drift-audit.yml', branch: 'change', checkout: { remote: world.remote, commit: world.mergeOf(files) }, secrets: {} };
      const { check: job } = await runWorkflow({ file, world: world.run('pull_request', { number: 5, pull_request: { number: 5 } }, more) });
      sound(job, world);
      return job;
    };
    const change = { 'accounts.csv': world.reference.replace(/^001ACME009.*\n/m, '') };
    const kept = path.join(world.folder, 'kept.yml');
    cpSync(written('drift-audit.yml'), kept);
    const seen = await check(kept, change);
    assert.equal(seen.result, 'success', seen.text);
    assert.match(world.api.comments[0].body, /0 resolved, 1 left the reference/);

    // Where the name is that of nothing, a change would be missed.
    const blind = await check(world.workflow('drift-audit.yml'), change);
    assert.equal(blind.result, 'failure');
    assert.ok(blind.annotations.some(({ message }) => message.includes('gremlin.zendesk_drift.yaml does not exist before or after')));
  },

  'the workflow that init writes for the action\'s source caches what cargo builds': async (world) => {
    const used = `g-gremlin/g-gremlin@${'0123456789'.repeat(4)}`;
    const options = ['zendesk', 'drift', 'init', '--github', '--action', used, '--version', 'source', '--with-apply'];
    execFileSync(BINARY, options, { cwd: world.remote, stdio: 'pipe' });
    const [audits, applies] = ['drift-audit.yml', 'drift-apply.yml'].map((name) => path.join(world.remote, '.github/workflows', name));
    for (const file of [audits, applies]) {
      execFileSync(process.execPath, ['--import', './json_imports.mjs', 'lint.mjs', file], { cwd: import.meta.dirname, stdio: 'pipe' });
    }
    const caches = [];
    const cache = ({ with: inputs }) => void caches.push(inputs);
    const audit = await auditOf(world, world.run('schedule', {}, { actions: { ...ACTIONS, 'actions/cache': cache } }), {}, audits);
    assert.equal(audit.steps.__2.outputs['exit-code'], '0', audit.text);
    const prefix = 'g-gremlin-Linux-X64-';
    const kept = '~/.cargo/registry\ng-gremlin-target\n';
    assert.deepEqual(caches, [{ path: kept, key: `${prefix}${'0123456789'.repeat(4)}`, 'restore-keys': prefix }]);
    const install = audit.started.find(({ name }) => name === 'Install g-gremlin');
    assert.deepEqual([install.env.CARGO_TARGET_DIR, install.env.VERSION], ['g-gremlin-target', 'source']);
    // Whoever writes to Zendesk takes nothing from a cache that other workflows can write to.
    const apply = readFileSync(applies, 'utf8');
    assert.ok(!apply.includes('actions/cache') && apply.includes('version: source'), apply);
  },

  'a change that brings new issues is red, and cannot raise its own limit': async (world) => {
    const limit = (number) => world.config(`thresholds:\n  max_new_issues: ${number}\n  max_total_issues: 0\n`);
    world.commit({ 'gremlin.zendesk_drift.yaml': limit(0) }, 'a limit');
    world.main = world.head();
    const audit = await scheduledAudit(world);
    assert.equal(audit.outputs['exit-code'], '1', 'max_total_issues was breached before');
    const commit = world.mergeOf({
      'gremlin.zendesk_drift.yaml': limit(1000),
      'salesforce_accounts.csv': `${world.reference}001ACME900,Acme Newcomer,newcomer.example,,,\n`,
    });
    const more = { workflow: 'drift-audit.yml', branch: 'change', checkout: { remote: world.remote, commit }, secrets: {} };
    const run = world.run('pull_request', { number: 8, pull_request: { number: 8 } }, more);
    const { check } = await runWorkflow({ file: world.workflow('drift-audit.yml'), world: run });
    sound(check, world);
    assert.equal(check.result, 'failure');
    const { outputs } = check.steps.__1;
    assert.equal(outputs['exit-code'], '1', check.text);
    assert.equal(outputs.breached, 'max_new_issues');
    assert.equal(outputs['new-issues'], '1');
    assert.equal(world.api.comments.length, 1);

    const harmless = world.mergeOf({ 'gremlin.zendesk_drift.yaml': `${limit(0)}# words\n` });
    const again = { ...world.run('pull_request', { number: 8, pull_request: { number: 8 } }, more), checkout: { ...more.checkout, commit: harmless } };
    const { check: green } = await runWorkflow({ file: world.workflow('drift-audit.yml'), world: again });
    sound(green, world);
    assert.equal(green.result, 'success', green.text);
    assert.ok(!green.annotations.some(({ level }) => level === 'error'));
    for (const said of [green.summary, world.api.comments[0].body]) {
      assert.doesNotMatch(said, /a threshold is breached/);
      assert.match(said, /Limits that are exceeded after the change/);
    }
  },

  'the answer to a change says that the limit of new issues is exceeded': async (world) => {
    const limit = (number) => world.config(`thresholds:\n  max_new_issues: ${number}\n`);
    world.commit({ 'gremlin.zendesk_drift.yaml': limit(0) }, 'a limit');
    world.main = world.head();
    await scheduledAudit(world);
    const commit = world.mergeOf({
      'gremlin.zendesk_drift.yaml': limit(1000),
      'salesforce_accounts.csv': `${world.reference}001ACME900,Acme Newcomer,newcomer.example,,,\n`,
    });
    const more = { workflow: 'drift-audit.yml', branch: 'change', checkout: { remote: world.remote, commit }, secrets: {} };
    const run = world.run('pull_request', { number: 9, pull_request: { number: 9 } }, more);
    const { check } = await runWorkflow({ file: world.workflow('drift-audit.yml'), world: run });
    sound(check, world);
    assert.equal(check.steps.__1.outputs.breached, 'max_new_issues', check.text);
    for (const said of [check.summary, world.api.comments[0].body]) assert.match(said, /a threshold is breached: 1 new issue/);
    assert.ok(check.annotations.some(({ level, title }) => level === 'error' && title.includes('a threshold is breached')));
  },

  'a pull request with nothing to compare with says what is missing': async (world) => {
    const commit = world.mergeOf({ 'gremlin.zendesk_drift.yaml': world.config('tickets:\n  lookback_days: 20\n') });
    const more = { workflow: 'drift-audit.yml', branch: 'change', checkout: { remote: world.remote, commit }, secrets: {} };
    const event = { number: 7, pull_request: { number: 7 } };
    const { check: run } = await runWorkflow({ file: world.workflow('drift-audit.yml'), world: world.run('pull_request', event, more) });
    assert.equal(run.result, 'failure');
    assert.equal(run.steps.__1.outputs['exit-code'], '3');
    assert.ok(run.annotations.some(({ message }) => message.includes('run the audit workflow once')));
  },

  'plans are applied from the default branch only': async (world) => {
    const run = world.run('workflow_dispatch', {}, { workflow: 'drift-apply.yml', ref: 'refs/heads/feature' });
    const inputs = { 'audit-run-id': '1', 'plan-hash': '0'.repeat(64), live: true };
    const jobs = await runWorkflow({ file: world.workflow('drift-apply.yml'), world: run, inputs });
    assert.equal(jobs.review.result, 'failure');
    assert.equal(jobs.review.started.length, 1);
    assert.equal(jobs.apply.result, 'skipped');
  },

  'where the action is made, its workflows do nothing': async (world) => {
    for (const [name, event] of [['drift-audit.yml', 'schedule'], ['drift-audit.yml', 'pull_request'], ['drift-apply.yml', 'workflow_dispatch']]) {
      const run = { ...world.run(event), repository: 'g-gremlin/g-gremlin' };
      const inputs = name === 'drift-apply.yml' ? { 'audit-run-id': '1', 'plan-hash': '0', live: true } : {};
      const jobs = await runWorkflow({ file: world.workflow(name), world: run, inputs });
      for (const job of Object.values(jobs)) assert.equal(job.result, 'skipped');
    }
  },

  'doctor gates with its own exit code': async (world) => {
    const healthy = await action(world, { command: 'doctor' });
    assert.ok(healthy.ok);
    assert.equal(healthy.outputs['exit-code'], '0');
    const locked = await action(world, { command: 'doctor' }, { env: { ZENDESK_OAUTH_TOKEN: 'wrong-token' } });
    assert.equal(locked.ok, false);
    assert.equal(locked.outputs['exit-code'], '3');
  },
};

const PUBLIC = new Set(['a repository that is not private shows counts and the hash, and uploads nothing']);

/** Runs one of them in a world of its own. */
export async function play(name, options = {}) {
  const world = await makeWorld({ isPrivate: !PUBLIC.has(name), ...options });
  try {
    await SCENARIOS[name](world);
  } finally {
    await world.close();
  }
}
