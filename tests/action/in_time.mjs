// What happens meanwhile, twice, too late or in another order: between a dry run and its apply, before a second apply, in a re-run,
// after an artifact has expired. Cases like those of `scenarios.mjs`, which has them among its own.

import assert from 'node:assert/strict';
import path from 'node:path';
import { NAMES, action, artifacts, auditOf, dispatch, inArtifact, json, newestReceipt, scheduledAudit, sound } from './acts.mjs';
import { runWorkflow } from './runner.mjs';
import { ZENDESK_SECRETS } from './world.mjs';

/** What the demo's plan does, in its order. */
const ALL = 'A001,A002,A003,A004,A005';

/** Changes one organization as a person does in Zendesk's own pages. */
async function byHand(world, org, organization) {
  const post = (route, headers, body, method = 'POST') =>
    fetch(`${world.zendesk.origin}${route}`, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const { ZENDESK_OAUTH_CLIENT_ID: id, ZENDESK_OAUTH_CLIENT_SECRET: secret } = ZENDESK_SECRETS;
  const grant = { grant_type: 'client_credentials', client_id: id, client_secret: secret, scope: 'read write' };
  const { access_token: token } = await (await post('/oauth/tokens', {}, grant)).json();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await post(`/api/v2/organizations/${org}`, headers, { organization }, 'PUT');
  assert.equal(answer.status, 200, 'the repair by hand');
  world.zendesk.requests.length = 0;
}

/** What became of each action, as `A001 applied`. */
const outcomes = ({ results }) => results.map((one) => [one.action_id, one.status, one.reason].filter(Boolean).join(' '));

/** The job's page as a person sees it: the summary, and the annotations below it. */
const page = (job) => `${job.summary}\n${job.annotations.map(({ title, message }) => `${title}: ${message}`).join('\n')}`;

/** Commits to the default branch. */
function merge(world, files, message) {
  world.git('checkout', '--quiet', 'main');
  world.commit(files, message);
}

/** A check of a pull request with these files. */
async function checkOf(world, files) {
  const checkout = { remote: world.remote, commit: world.mergeOf(files) };
  const more = { workflow: 'drift-audit.yml', branch: 'change', checkout, secrets: {} };
  const run = world.run('pull_request', { number: 7, pull_request: { number: 7 } }, more);
  const { check } = await runWorkflow({ file: world.workflow('drift-audit.yml'), world: run });
  sound(check, world);
  return check;
}

const NEWCOMER = '001ACME900,Acme Newcomer,newcomer.example,,,\n';

export const IN_TIME = {
  'what was repaired by hand between dry run and apply is skipped, and the rest is applied': async (world) => {
    const audit = await scheduledAudit(world);
    const before = { apply: () => byHand(world, 4001, { external_id: '001ACME001' }) };
    const { review, apply } = await dispatch(world, audit, { live: true }, { before });
    assert.equal(review.outputs['selected-actions'], ALL);
    assert.equal(apply.result, 'success', apply.text);
    assert.deepEqual(outcomes(newestReceipt(world)), [
      'A001 skipped precondition_changed_org_already_linked',
      'A002 applied',
      'A003 applied',
      'A004 skipped precondition_changed_user_already_member',
      'A005 applied',
    ]);
    assert.ok(!world.zendesk.writes().some(({ path: asked }) => asked.endsWith('/4001')));
    assert.match(apply.summary, /^## 🟢 Apply: 3 actions applied/);
    assert.match(apply.summary, /skipped `precondition_changed_org_already_linked` \| `A001`[^|]*\| `001ACME001` `Acme Healthcare`/);
    assert.match(page(apply), /precondition_changed_org_already_linked: 1 action: The org already has the account's id\. What to do: Nothing\./);
  },

  'a repair by hand that contradicts the plan is left alone': async (world) => {
    const audit = await scheduledAudit(world);
    const before = { apply: () => byHand(world, 4001, { external_id: '001OTHER' }) };
    const { apply } = await dispatch(world, audit, { live: true }, { before });
    assert.equal(apply.result, 'success', apply.text);
    assert.equal(outcomes(newestReceipt(world))[0], 'A001 skipped precondition_changed_org_external_id_not_blank');
    assert.ok(!world.zendesk.writes().some(({ path: asked }) => asked.endsWith('/4001')));
    assert.match(page(apply), /The org now has another external_id/);
  },

  'a suppression and a reference that are merged while an approval is waited for count': async (world) => {
    const audit = await scheduledAudit(world);
    const suppression = 'suppressions:\n  - code: org_missing_external_id\n    sf_account_id: "001ACME007"\n    reason: not now\n    expires: 2099-01-01\n';
    const reference = world.reference.replace(/^001ACME001,.*\n/m, '');
    assert.notEqual(reference, world.reference);
    const files = { 'gremlin.zendesk_drift.yaml': world.config(suppression), 'salesforce_accounts.csv': reference };
    const before = { apply: () => merge(world, files, 'not these two') };
    const { review, apply } = await dispatch(world, audit, { live: true }, { before });
    assert.equal(review.outputs['selected-actions'], ALL);
    assert.equal(apply.result, 'success', apply.text);
    assert.deepEqual(outcomes(newestReceipt(world)).slice(0, 3), [
      'A001 skipped reference_changed',
      'A002 skipped suppressed_since',
      'A003 applied',
    ]);
    assert.ok(!world.zendesk.writes().some(({ path: asked }) => /\/(4001|4008)$/.test(asked)));
    assert.match(apply.summary, /`suppressed_since`: The action's issue is now suppressed/);
    assert.match(apply.summary, /`reference_changed`: The reference no longer supports the action/);
  },

  'a second apply of a plan writes nothing, and ends before anybody is asked': async (world) => {
    const audit = await scheduledAudit(world);
    const first = await dispatch(world, audit, { live: true });
    assert.equal(first.apply.result, 'success', first.apply.text);
    const written = world.zendesk.writes().length;
    assert.equal(written, 4);
    const second = await dispatch(world, audit, { live: true });
    assert.equal(second.review.result, 'success', second.review.text);
    assert.equal(second.review.outputs['selected-actions'], '');
    assert.equal(second.apply.result, 'skipped', 'nobody is asked to approve nothing');
    assert.equal(world.zendesk.writes().length, written);
    assert.match(second.review.summary, /^## 🟢 Dry run: nothing would be written/);
    assert.match(second.review.summary, /`precondition_changed_org_already_linked`: The org already has the account's id/);
    assert.match(second.review.summary, /Nothing: no action was selected, so this run ends here and asks for no approval/);
    assert.doesNotMatch(second.review.summary, /can apply the plan next/);
  },

  'two approved runs of one plan write its actions once': async (world) => {
    const audit = await scheduledAudit(world);
    // The other one is approved first, while this one waits.
    const before = { apply: () => dispatch(world, audit, { live: true }) };
    const { review, apply } = await dispatch(world, audit, { live: true }, { before });
    assert.equal(review.outputs['selected-actions'], ALL);
    assert.equal(apply.result, 'success', apply.text);
    assert.equal(world.zendesk.writes().length, 4, 'each action of the plan that Zendesk did not carry out by itself');
    assert.ok(outcomes(newestReceipt(world)).every((one) => / skipped precondition_changed_\w+_already_\w+$/.test(one)));
    assert.match(apply.summary, /^## 🟢 Apply: nothing was left to write/);
  },

  'the plans of two audits in the wrong order: the older one finds its work done': async (world) => {
    const older = await scheduledAudit(world);
    merge(world, { 'salesforce_accounts.csv': `${world.reference}${NEWCOMER}` }, 'a new account');
    world.main = world.head();
    const newer = await scheduledAudit(world);
    const applied = await dispatch(world, newer, { live: true });
    assert.equal(applied.apply.result, 'success', applied.apply.text);
    const written = world.zendesk.writes().length;
    const late = await dispatch(world, older, { live: true });
    assert.equal(late.review.outputs['selected-actions'], '');
    assert.equal(late.apply.result, 'skipped');
    assert.equal(world.zendesk.writes().length, written);
  },

  'an expired artifact is named, with what to do, and nobody is asked': async (world) => {
    const audit = await scheduledAudit(world);
    world.api.artifacts[0].expired = true;
    const { review, apply } = await dispatch(world, audit, { live: true });
    assert.equal(review.result, 'failure');
    assert.equal(apply.result, 'skipped');
    assert.equal(review.steps['dry-run'].outputs['exit-code'], '4');
    assert.match(page(review), new RegExp(`run ${audit.runId} is not used[^]*it still has the audit's artifact \\(it has expired\\)`));
    assert.match(page(review), /if there is none, run that workflow again/);
    assert.deepEqual(world.zendesk.writes(), []);

    const check = await checkOf(world, { 'gremlin.zendesk_drift.yaml': world.config('tickets:\n  lookback_days: 20\n') });
    assert.equal(check.result, 'failure');
    assert.equal(check.steps.__1.outputs['exit-code'], '3');
    for (const said of [page(check), world.api.comments[0].body]) {
      assert.match(said, new RegExp(`the artifact of audit run ${audit.runId} has expired`));
      assert.match(said, /run the audit workflow again/);
    }
  },

  'a re-run of an apply that was cancelled writes the rest, and keeps both receipts': async (world) => {
    const audit = await scheduledAudit(world);
    let machine;
    world.zendesk.before = async ({ method, path: asked }) => {
      if (method === 'GET' || asked === '/oauth/tokens' || machine.cancelled) return;
      machine.cancel();
      await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const first = await dispatch(world, audit, { live: true }, { before: { apply: (made) => (machine = made) } });
    assert.equal(first.apply.result, 'cancelled');
    assert.deepEqual(outcomes(newestReceipt(world)).slice(0, 2), ['A001 applied', 'A002 skipped aborted']);
    world.zendesk.before = async () => {};

    const runAttempt = world.api.rerun(first.runId);
    const again = { runId: first.runId, runAttempt, kept: { review: first.review } };
    const second = await dispatch(world, audit, { live: true }, again);
    assert.equal(second.apply.result, 'success', second.apply.text);
    assert.deepEqual(outcomes(newestReceipt(world)).slice(0, 2), [
      'A001 skipped precondition_changed_org_already_linked',
      'A002 applied',
    ]);
    assert.equal(world.zendesk.writes().length, 4);
    const names = artifacts(world).map(({ name }) => name);
    for (const attempt of [1, 2]) assert.ok(names.includes(`g-gremlin-apply-${first.runId}-${attempt}`), `${names}`);
  },

  'a re-run of an audit counts as the newest, and of its attempts the last one': async (world) => {
    const suppression = 'suppressions:\n  - code: org_domain_attached_elsewhere\n    reason: shared\n    expires: 2099-01-01\n';
    world.commit({ 'gremlin.zendesk_drift.yaml': world.config(suppression) }, 'a suppression');
    world.main = world.head();
    const first = await scheduledAudit(world);
    const old = world.main;
    merge(world, { 'gremlin.zendesk_drift.yaml': world.config() }, 'none any more');
    world.main = world.head();
    const second = await scheduledAudit(world);
    assert.equal(second.outputs['new-issues'], '1');

    // The re-run of the first one is of its own commit, and compares with the second: it is the later look.
    const runAttempt = world.api.rerun(first.runId);
    const options = { runId: first.runId, runAttempt, checkout: { remote: world.remote, commit: old } };
    const again = await auditOf(world, world.run('schedule', {}, options));
    assert.equal(again.ended.conclusion, 'success', again.text);
    assert.equal(again.outputs['artifact-name'], `g-gremlin-audit-${first.runId}-2`);
    assert.match(again.text, new RegExp(`the baseline: run ${second.runId} `));
    const third = await scheduledAudit(world);
    assert.match(third.text, new RegExp(`the baseline: run ${first.runId} .*, g-gremlin-audit-${first.runId}-2`));
    assert.equal(third.outputs['new-issues'], '1');

    // Its plan is that of the last attempt, too.
    const { review } = await dispatch(world, { ...again, runId: first.runId });
    assert.equal(review.result, 'success', review.text);
  },

  'of two audits that end in the wrong order, the one that started later is the baseline': async (world) => {
    await scheduledAudit(world);
    const old = world.main;
    const slow = world.run('schedule', {}, { checkout: { remote: world.remote, commit: old } });
    merge(world, { 'salesforce_accounts.csv': `${world.reference}${NEWCOMER}` }, 'a new account');
    world.main = world.head();
    const quick = await scheduledAudit(world);
    assert.equal(quick.outputs['new-issues'], '1');
    const late = await auditOf(world, slow);
    assert.equal(late.ended.conclusion, 'success', late.text);
    const [quickArtifact, lateArtifact] = artifacts(world).slice(-2);
    assert.ok(lateArtifact.id > quickArtifact.id, 'its artifact is the newer one');
    const next = await scheduledAudit(world);
    assert.match(next.text, new RegExp(`the baseline: run ${quick.runId} `));
    assert.equal(next.outputs['new-issues'], '0', 'what the later run saw is not new again');
  },

  'what a person accepts is not new again, and the run that accepts it is red all the same': async (world) => {
    await scheduledAudit(world);
    const limit = world.config('thresholds:\n  max_new_issues: 0\n');
    merge(world, { 'gremlin.zendesk_drift.yaml': limit, 'salesforce_accounts.csv': `${world.reference}${NEWCOMER}` }, 'a new account');
    world.main = world.head();
    const dates = (audit) => {
      const history = json(inArtifact(artifacts(world).at(-1), /_audit\/history\.json$/));
      const { new_issues: issues } = json(inArtifact(artifacts(world).at(-1), /_audit\/diff\.json$/));
      return { runs: history.runs.length, named: JSON.stringify(issues ?? audit.summary) };
    };
    for (const runs of [2, 3]) {
      const red = await scheduledAudit(world);
      assert.equal(red.outputs['exit-code'], '1');
      assert.match(red.summary, /New since the baseline[^]*Acme Newcomer/, 'the page begins with what is new');
      assert.equal(dates(red).runs, runs, 'the history goes on through red runs');
    }
    const accepting = await auditOf(world, world.run('workflow_dispatch', { inputs: {} }), { 'accept-new': true });
    assert.equal(accepting.outputs['exit-code'], '1', accepting.text);
    assert.doesNotMatch(accepting.outputs['artifact-name'], /not-a-baseline/);
    const green = await scheduledAudit(world);
    assert.equal(green.outputs['exit-code'], '0', green.text);
    assert.equal(green.outputs['new-issues'], '0');
  },
};
