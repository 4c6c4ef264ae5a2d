// Broken copies of action.yml: each must turn the case named beside it red, by a failed assertion. A copy is the present file with
// one change, so that it cannot grow old; a change that no longer fits is an error.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { play } from './scenarios.mjs';
import { ROOT } from './world.mjs';

const AUDIT = 'a scheduled audit of a private repository leaves summary, artifact and snapshot';
const BREACH = 'a breached threshold fails the job last, with everything published';
const SEPARATE = 'credentials of the whole job reach no step that has the other side';
const PUBLIC = 'a repository that is not private shows counts and the hash, and uploads nothing';
const DATA = 'inputs are data: nothing in them is run';
const ORIGIN = 'a plan comes only from an audit run of the default branch of this repository';
const CANCEL = 'a cancelled apply finishes its action, and its receipt is uploaded';
const KILLED = 'an apply that is killed leaves its journal in the artifact';
const APPROVAL = 'where an approval is required, nothing is written without one';
const WHOLE = 'from audit to artifact to dispatch to receipt';
const PULL = 'a pull request on the configuration is answered with what it does';

/** What is broken, in which step (none: the whole file), what becomes what, and the case that must notice. */
const BROKEN = [
  ['a misspelt input', 'Run g-gremlin', 'inputs.thresholds', 'inputs.treshold', BREACH],
  ['a misspelt input of apply', 'Run g-gremlin', 'inputs.max-actions', 'inputs.max-action', WHOLE],
  ['a wrong output', '', 'steps.run.outputs.plan-hash', 'steps.run.outputs.plan_hash', AUDIT],
  ['an output of the wrong step', '', 'value: ${{ steps.end.outputs.exit-code }}', 'value: ${{ steps.gate.outputs.exit-code }}', BREACH],
  ['a renamed id', 'Upload the run folder', 'id: upload', 'id: uploaded', AUDIT],
  ['a renamed id of the end', 'Settle the exit code and the name of the artifact', 'id: end', 'id: ending', BREACH],
  ['a gate that never closes', 'Gate', 'exit "$EXIT_CODE"', 'exit 0', BREACH],
  ['a gate with a wrong condition', 'Gate', "steps.end.outputs.exit-code != ''", "steps.end.outputs.exit_code != ''", BREACH],
  ['an exit code that is not settled', 'Settle the exit code and the name of the artifact', 'steps.run.outputs.exit-code', 'steps.run.outputs.exit_code', BREACH],
  ['a GitHub token beside Zendesk credentials', 'Run g-gremlin', "        GITHUB_TOKEN: ''\n", '', SEPARATE],
  ['a GitHub token given to the run step', 'Run g-gremlin', "GH_TOKEN: ''", 'GH_TOKEN: ${{ inputs.github-token }}', SEPARATE],
  ['a Zendesk secret beside a GitHub token', 'Comment on the pull request', "        ZENDESK_OAUTH_CLIENT_SECRET: ''\n", '', SEPARATE],
  ['a Zendesk secret where an archive is installed', 'Install g-gremlin', "        ZENDESK_API_TOKEN: ''\n", '', SEPARATE],
  ['a Zendesk secret in an action of others', 'Download its artifact', "        ZENDESK_OAUTH_TOKEN: ''\n", '', SEPARATE],
  ['an upload from a public repository', 'Upload the run folder', 'github.event.repository.private == true', 'github.event.repository.full_name', PUBLIC],
  ['a report that names customers in public', 'Write the summary', '${{ inputs.allow-public-artifacts }}', "'true'", PUBLIC],
  ['an upload that a cancelled job skips', 'Upload the run folder', 'always() && ', '', CANCEL],
  ['an upload that trusts the program to have ended', 'Upload the run folder', "steps.run.outcome != 'skipped'", "steps.run.outputs.exit-code != ''", KILLED],
  ['an input that is pasted into a script', 'Find the audit run', '"$AUDIT_WORKFLOW"', '"${{ inputs.audit-workflow }}"', DATA],
  ['a run whose origin does not matter', 'Run g-gremlin', "(steps.find.outputs.exit-code || '0') == '0' && ", '', ORIGIN],
  ['an artifact of another kind', 'Find the audit run', '--artifact-prefix=g-gremlin-audit', '--artifact-prefix=', ORIGIN],
  ['an approval that nobody asks for', 'Check the approval', "inputs.require-approval != 'false'", "inputs.require-approval == 'yes'", APPROVAL],
  ['an approval whose answer is ignored', 'Check the approval', '|| code=$?', '|| true', APPROVAL],
  ['a comment that is never made', 'Comment on the pull request', "inputs.comment == 'true'", 'inputs.comment == true', PULL],
];

const text = readFileSync(path.join(ROOT, 'action.yml'), 'utf8');

/** The file with one change, which must fit exactly once in its step. */
function broken(step, from, to) {
  const start = step ? text.indexOf(`    - name: ${step}\n`) : 0;
  assert.notEqual(start, -1, `there is no step ${step}`);
  const next = step ? text.indexOf('\n    - name: ', start + 1) : text.length;
  const end = next < 0 ? text.length : next;
  const block = text.slice(start, end);
  assert.equal(block.split(from).length, 2, `${from} is once in ${step || 'action.yml'}`);
  return text.slice(0, start) + block.replace(from, () => to) + text.slice(end);
}

for (const [name, step, from, to, scenario] of BROKEN) {
  test(`red: ${name}`, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'g-gremlin-broken-'));
    try {
      const action = path.join(folder, 'action.yml');
      writeFileSync(action, broken(step, from, to));
      await assert.rejects(play(scenario, { action }), (error) => error instanceof assert.AssertionError);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
