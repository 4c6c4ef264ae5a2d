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
const DATA = 'inputs are data: nothing in them is run';
const ORIGIN = 'a plan comes only from an audit run of the default branch of this repository';
const CANCEL = 'a cancelled apply finishes its action, and its receipt is uploaded';
const KILLED = 'an apply that is killed leaves its journal in the artifact';
const APPROVAL = 'where an approval is required, nothing is written without one';
const WHOLE = 'from audit to artifact to dispatch to receipt';
const PULL = 'a pull request on the configuration is answered with what it does';

const NEXT = 'the next audit is compared with the last one';
const NEEDED = 'an input that the command needs is asked for by its name';
const LIMIT = 'the answer to a change says that the limit of new issues is exceeded';
const OWN_LIMIT = 'a change that brings new issues is red, and cannot raise its own limit';
const NAMES = 'the workflows that init writes look at the files that the configuration names';
const BRANCH = 'plans are applied from the default branch only';
const MADE_HERE = 'where the action is made, its workflows do nothing';
const SUM = 'an archive with another sum is not run';
const ATTESTATION = 'an attestation that contradicts stops, one that cannot be had is a notice';
const TOKEN = 'the token is for gh alone';
const SERVER = 'the token of another server goes nowhere, and the sum is checked all the same';

/** Of action.yml: what is broken, in which step (none: the whole file), what becomes what, and the case that must notice. */
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

const RUN = 'action/run.sh';
const REPORT = 'action/report.sh';
const INSTALL = 'action/install.sh';
const AUDITS = '.github/workflows/drift-audit.yml';
const CHECKS = '.github/workflows/drift-pr.yml';
const APPLIES = '.github/workflows/drift-apply.yml';

/** Of the scripts and the workflows: what is broken, in which file, what becomes what, and the case that must notice. */
const BROKEN_FILES = [
  ['a script that prints a secret', RUN, '  arguments=(audit --out=', '  echo "$ZENDESK_OAUTH_CLIENT_SECRET"; arguments=(audit --out=', AUDIT],
  ['a script that ignores the exit code', RUN, 'finish "$code"', 'finish 0', BREACH],
  ['thresholds that are lost', RUN, 'arguments+=("--threshold=$line")', 'true', BREACH],
  ['a snapshot that is not in the artifact', RUN, 'mv "$WORK/snapshot"', 'true "$WORK/snapshot"', AUDIT],
  ['a baseline that is lost', RUN, '      BASELINE=$chosen\n', '', NEXT],
  ['an input that nobody asks for', RUN, '  needs plan "$PLAN"\n', '', NEEDED],
  ['a dry run that writes', RUN, '    false) ;;', '    false) arguments+=(--apply) ;;', WHOLE],
  ['a cap that is lost', RUN, '  option --max-per-account "$MAX_PER_ACCOUNT"\n', '', WHOLE],
  ['a cancelled job that the program does not hear of', RUN, 'kill -TERM', 'kill -0', CANCEL],
  ['a change under its own suppressions', RUN, ' --suppressions-from="$BASE_CONFIG")', ')', PULL],
  ['a change that raises its own limit', RUN, '--head="${after[0]}" --config="$BASE_CONFIG"', '--head="${after[0]}" --config="$CONFIG"', OWN_LIMIT],
  ['a report that does not know how the comparison ended', REPORT, 'arguments+=(--exit-code="$EXIT_CODE")', 'true', LIMIT],
  ['a report that does not name the artifact', REPORT, 'arguments+=(--artifact-name="$ARTIFACT_NAME")', 'true', AUDIT],
  ['a report that does not know that an apply follows', REPORT, 'arguments+=(--apply-follows)', 'true', WHOLE],
  ['a comparison that does not say that its window is shorter', REPORT, 'arguments+=(--shorter-window="$SHORTER_WINDOW")', 'true', PULL],
  ['a report of the side before the change', REPORT, 'arguments+=("$RUN_DIR"); else', 'arguments+=("${BASELINE_DIR:-$RUN_DIR}"); else', PULL],
  ['an archive whose sum is not checked', INSTALL, '[ "$(sha256 "$archive")" = "$wanted" ]', 'true', SUM],
  ['an attestation whose contradiction is ignored', INSTALL, 'failed "the attestation of the release', 'notice "the attestation of the release', ATTESTATION],
  ['a token that the download has', INSTALL, 'unset ATTESTATION_TOKEN', 'export GH_TOKEN=$token', TOKEN],
  ['a token of another server that is sent to github.com', INSTALL, '[ "$GITHUB_SERVER_URL" != https://github.com ]', 'false', SERVER],
  ['an audit whose artifact has a name that nobody looks for', AUDITS, '          command: audit\n', '          command: audit\n          artifact-name: drift\n', NEXT],
  ['an audit of which no snapshot is kept', AUDITS, "          save-snapshot: 'true'", "          save-snapshot: 'false'", AUDIT],
  ['an audit where anybody reads the secrets', AUDITS, '    environment: zendesk-read\n', '', AUDIT],
  ['an audit that runs where the action is made', AUDITS, '    if: github.repository', '    if: true || github.repository', MADE_HERE],
  ['a check that does not see the reference', CHECKS, ' ${REFERENCE:+"$REFERENCE"}', '', PULL],
  ['a check of a file that is not there', CHECKS, 'exit 2', 'exit 0', NAMES],
  ['a check that may not comment', CHECKS, 'pull-requests: write', 'pull-requests: read', PULL],
  ['a check that holds Zendesk credentials', CHECKS, '    permissions:\n', '    environment: zendesk-read\n    permissions:\n', PULL],
  ['an apply without an environment', APPLIES, '    environment: zendesk-write\n', '', WHOLE],
  ['a dry run that may write', APPLIES, 'environment: zendesk-read', 'environment: zendesk-write', WHOLE],
  ['a dry run whose artifact takes the name of the apply', APPLIES, '          artifact-name: g-gremlin-dry-run-${{ github.run_id }}-${{ github.run_attempt }}\n', '', WHOLE],
  ['an apply without its dry run', APPLIES, '    needs: review\n', '', WHOLE],
  ['an apply that every dispatch starts', APPLIES, '    if: inputs.live\n', '', WHOLE],
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
