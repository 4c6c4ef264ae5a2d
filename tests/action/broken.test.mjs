// Broken copies of the action, its scripts and the workflows: each must turn the case named beside it red, by a failed assertion. A
// copy is the present files with one change, so that it cannot grow old; a change that no longer fits is an error.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { INSTALLS } from './install.mjs';
import { SCENARIOS, play } from './scenarios.mjs';
import { ROOT } from './world.mjs';

const AUDIT = 'a scheduled audit of a private repository leaves summary, artifact and snapshot';
const BREACH = 'a breached threshold fails the job last, with everything published';
const SEPARATE = 'credentials of the whole job reach no step that has the other side';
const PUBLIC = 'a repository that is not private shows counts and the hash, and uploads nothing';
const ORIGIN = 'a plan comes only from an audit run of the default branch of this repository';
const CANCEL = 'a cancelled apply finishes its action, and its receipt is uploaded';
const KILLED = 'an apply that is killed leaves its journal in the artifact';
const WHOLE = 'from audit to artifact to dispatch to receipt';
const PULL = 'a pull request on the configuration is answered with what it does';

const NEXT = 'the next audit is compared with the last one';
const NAMES = 'the workflows that init writes look at the files that the configuration names';
const BRANCH = 'plans are applied from the default branch only';
const MADE_HERE = 'where the action is made, its workflows do nothing';
const MEANWHILE = 'a suppression and a reference that are merged while an approval is waited for count';
const SECOND = 'a second apply of a plan writes nothing, and ends before anybody is asked';
const ACCEPTED = 'what a person accepts is not new again, and the run that accepts it is red all the same';
const SUM = 'an archive with another sum is not run';
const ATTESTATION = 'an attestation that contradicts stops, one that cannot be had is a notice';
const TOKEN = 'the token is for gh alone';
const SOURCE = 'the source is built beside the action, or where a cache keeps it';
const SERVER = 'the token of another server goes nowhere, and the sum is checked all the same';

/** Of action.yml: what is broken, in which step (none: the whole file), what becomes what, and the case that must notice. */
const BROKEN = [
  ['inputs that do not reach the program', 'Prepare', 'toJSON(inputs)', "toJSON('')", BREACH],
  ['a run step with the token in its inputs', 'Run g-gremlin', 'steps.prepare.outputs.inputs', 'toJSON(inputs)', SEPARATE],
  ['a wrong output', '', 'steps.run.outputs.plan-hash', 'steps.run.outputs.plan_hash', AUDIT],
  ['an output of the wrong step', '', 'value: ${{ steps.report.outputs.exit-code }}', 'value: ${{ steps.gate.outputs.exit-code }}', BREACH],
  ['selected actions that are lost', '', 'steps.run.outputs.selected-actions', 'steps.run.outputs.selected_actions', WHOLE],
  ['a renamed id', 'Upload the run folder', 'id: upload', 'id: uploaded', AUDIT],
  ['a renamed id of the report', 'Write the summary', 'id: report', 'id: reporting', BREACH],
  ['a gate that never closes', 'Gate', 'exit "$EXIT_CODE"', 'exit 0', BREACH],
  ['a gate with a wrong condition', 'Gate', "steps.install.outcome == 'success'", "steps.install.outcome == 'done'", BREACH],
  ['a GitHub token beside Zendesk credentials', 'Run g-gremlin', "        GITHUB_TOKEN: ''\n", '', SEPARATE],
  ['a GitHub token given to the run step', 'Run g-gremlin', "GH_TOKEN: ''", 'GH_TOKEN: ${{ inputs.github-token }}', SEPARATE],
  ['a Zendesk secret beside a GitHub token', 'Post the comment and the tracking issue', "        ZENDESK_OAUTH_CLIENT_SECRET: ''\n", '', SEPARATE],
  ['a Salesforce secret beside a GitHub token', 'Prepare', "        SALESFORCE_CLIENT_SECRET: ''\n", '', SEPARATE],
  ['a Zendesk secret where an archive is installed', 'Install g-gremlin', "        ZENDESK_API_TOKEN: ''\n", '', SEPARATE],
  ['a Zendesk secret in an action of others', 'Download the artifact of the audit run', "        ZENDESK_OAUTH_TOKEN: ''\n", '', SEPARATE],
  ['an upload from a public repository', 'Upload the run folder', 'github.event.repository.private == true', 'github.event.repository.full_name', PUBLIC],
  ['an upload that a cancelled job skips', 'Upload the run folder', 'always() && ', '', CANCEL],
  ['an upload that trusts the program to have ended', 'Upload the run folder', "steps.run.outcome != 'skipped'", "steps.run.outputs.exit-code != ''", KILLED],
  ['a program that a signal does not reach', 'Run g-gremlin', 'exec "$BINARY"', 'env "$BINARY"', CANCEL],
  ['a run whose origin does not matter', 'Run g-gremlin', "if: steps.prepare.outputs.exit-code == '0'", 'if: always()', ORIGIN],
  ['a report that does not name the artifact', 'Write the summary', 'ARTIFACT_ID: ${{ steps.upload.outputs.artifact-id }}', "ARTIFACT_ID: ''", AUDIT],
  ['a comment that is never made', 'Post the comment and the tracking issue', "inputs.comment == 'true'", 'inputs.comment == true', PULL],
];

const INSTALL = 'action/install.sh';
const AUDITS = '.github/workflows/drift-audit.yml';
const APPLIES = '.github/workflows/drift-apply.yml';

/** Of the scripts and the workflows: what is broken, in which file, what becomes what, and the case that must notice. */
const BROKEN_FILES = [
  ['an archive whose sum is not checked', INSTALL, '[ "$(sha256 "$archive")" = "$wanted" ]', 'true', SUM],
  ['an attestation whose contradiction is ignored', INSTALL, 'failed "the attestation of the release', 'notice "the attestation of the release', ATTESTATION],
  ['a build that no cache keeps', INSTALL, '${CARGO_TARGET_DIR:-$GITHUB_ACTION_PATH/target}', '$GITHUB_ACTION_PATH/target', SOURCE],
  ['a token that the download has', INSTALL, 'unset ATTESTATION_TOKEN', 'export GH_TOKEN=$token', TOKEN],
  ['a token of another server that is sent to github.com', INSTALL, '[ "$GITHUB_SERVER_URL" != https://github.com ]', 'false', SERVER],
  ['an audit whose artifact has a name that nobody looks for', AUDITS, '          command: audit\n', '          command: audit\n          artifact-name: drift\n', NEXT],
  ['an audit of which no snapshot is kept', AUDITS, "          save-snapshot: 'true'", "          save-snapshot: 'false'", AUDIT],
  ['an audit where anybody reads the secrets', AUDITS, '    environment: zendesk-read\n', '', AUDIT],
  ['an audit that runs where the action is made', AUDITS, "github.repository != 'g-gremlin/g-gremlin' &&\n      (github.event_name == 'schedule'", "(github.event_name == 'schedule'", MADE_HERE],
  ['an audit that a pull request starts', AUDITS, "(github.event_name == 'schedule' || github.event_name == 'workflow_dispatch')", 'true', PULL],
  ['an audit that accepts nothing', AUDITS, "${{ inputs.accept-new || 'false' }}", "'false'", ACCEPTED],
  ['a check that does not see the side before', AUDITS, '          fetch-depth: 0\n', '', PULL],
  ['a check that may not comment', AUDITS, 'pull-requests: write', 'pull-requests: read', PULL],
  ['a check that holds Zendesk credentials', AUDITS, '      cancel-in-progress: true\n', '      cancel-in-progress: true\n    environment: zendesk-read\n', PULL],
  ['an apply without an environment', APPLIES, '    environment: zendesk-write\n', '', WHOLE],
  ['a dry run that may write', APPLIES, 'environment: zendesk-read', 'environment: zendesk-write', WHOLE],
  ['a dry run whose artifact takes the name of the apply', APPLIES, '          artifact-name: g-gremlin-dry-run-${{ github.run_id }}-${{ github.run_attempt }}\n', '', WHOLE],
  ['an apply without its dry run', APPLIES, '    needs: review\n', '', WHOLE],
  ['an apply that every dispatch starts', APPLIES, 'if: inputs.live && ', 'if: ', WHOLE],
  ['an apply that asks for the approval of nothing', APPLIES, "inputs.live && needs.review.outputs.selected-actions != ''", 'inputs.live', SECOND],
  ['an apply by the configuration of before', APPLIES, '          ref: ${{ github.event.repository.default_branch }}\n', '', MEANWHILE],
  ['an apply of more than was approved', APPLIES, 'only-actions: ${{ needs.review.outputs.selected-actions }}', 'only-actions: all', WHOLE],
  ['an apply beside another', APPLIES, '      group: drift-apply\n', '      group: drift-apply-${{ github.run_id }}\n', WHOLE],
  ['an apply that another breaks off', APPLIES, 'cancel-in-progress: false', 'cancel-in-progress: true', WHOLE],
  ['an apply from any branch', APPLIES, 'exit 4', 'exit 0', BRANCH],
];

/** The text with one change, which must fit exactly once in its step, or in all of it. */
function broken(text, step, from, to) {
  const start = step ? text.indexOf(`    - name: ${step}\n`) : 0;
  assert.notEqual(start, -1, `there is no step ${step}`);
  const next = step ? text.indexOf('\n    - name: ', start + 1) : text.length;
  const end = next < 0 ? text.length : next;
  const block = text.slice(start, end);
  assert.equal(block.split(from).length, 2, `${from} is once in ${step || 'the file'}`);
  return text.slice(0, start) + block.replace(from, () => to) + text.slice(end);
}

/** Plays a case on a copy of everything under test, with the file as `change` makes it. */
async function playCopy(scenario, file, change) {
  assert.ok(scenario in SCENARIOS || scenario in INSTALLS, `there is no case ${scenario}`);
  const root = mkdtempSync(path.join(tmpdir(), 'g-gremlin-broken-'));
  try {
    for (const part of ['action.yml', 'action', 'Cargo.toml', '.github']) {
      cpSync(path.join(ROOT, part), path.join(root, part), { recursive: true });
    }
    writeFileSync(path.join(root, file), change(readFileSync(path.join(ROOT, file), 'utf8')));
    await (scenario in SCENARIOS ? play(scenario, { root }) : INSTALLS[scenario](root));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('green: a copy without a change', async () => {
  for (const scenario of [WHOLE, PULL, NAMES, SUM]) await playCopy(scenario, 'action.yml', (text) => text);
});

const all = [
  ...BROKEN.map(([name, step, from, to, scenario]) => ({ name, file: 'action.yml', step, from, to, scenario })),
  ...BROKEN_FILES.map(([name, file, from, to, scenario]) => ({ name, file, from, to, scenario })),
];
for (const { name, file, step, from, to, scenario } of all) {
  test(`red: ${name}`, async () => {
    let fits = false;
    const change = (text) => {
      const changed = broken(text, step, from, to);
      fits = true;
      return changed;
    };
    await assert.rejects(playCopy(scenario, file, change), (error) => {
      return fits && error instanceof assert.AssertionError;
    });
  });
}
