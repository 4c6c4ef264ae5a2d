// The runner of these tests does what GitHub's does, where the cases rely on it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { parseCommandFile, runAction } from './runner.mjs';
import { REPOSITORY } from './world.mjs';

/** Runs a composite action with these steps, each `[id, more keys, script]`. */
async function run(steps, { inputs = {}, env = {}, secrets = [], outputs = '', world = {} } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'g-gremlin-runner-'));
  const file = path.join(folder, 'action.yml');
  const body = steps.map(([id, keys, script]) => {
    const lines = script.split('\n').map((line) => `        ${line}`);
    return [`    - id: ${id}`, '      shell: bash', ...keys.map((key) => `      ${key}`), '      run: |', ...lines].join('\n');
  });
  const declared = 'inputs:\n  known:\n    description: one\n    default: preset\n';
  writeFileSync(file, `name: x\ndescription: x\n${declared}${outputs}runs:\n  using: composite\n  steps:\n${body.join('\n')}\n`);
  const base = { repository: REPOSITORY, folder, eventName: 'push', event: {}, action: file, actionPath: folder, actions: {} };
  try {
    return await runAction({ world: { ...base, ...world }, inputs, env, secrets });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('the first of = and << decides, and a delimiter must come', () => {
  assert.deepEqual(parseCommandFile('a=b<<c\nd<<E\nx\ny=z\nE\ne=\n'), { a: 'b<<c', d: 'x\ny=z', e: '' });
  assert.throws(() => parseCommandFile('a<<E\nx\n'), /delimiter/);
  assert.throws(() => parseCommandFile('words\n'));
});

test('a file command that is wrong fails its step', async () => {
  const record = await run([['one', [], 'echo words >>"$GITHUB_OUTPUT"']]);
  assert.equal(record.ok, false);
});

test('a failed step skips those after it, but for always and failure', async () => {
  const record = await run([
    ['bad', [], 'false; echo unreached'],
    ['skipped', [], 'true'],
    ['always', ['if: always()'], 'true'],
    ['failure', ["if: failure() && steps.bad.outcome == 'failure'"], 'true'],
    ['excused', ['if: always()', 'continue-on-error: true'], 'false | true'],
  ]);
  const outcomes = Object.entries(record.steps).map(([id, { outcome, conclusion }]) => `${id} ${outcome} ${conclusion}`);
  assert.deepEqual(outcomes, [
    'bad failure failure',
    'skipped skipped skipped',
    'always success success',
    'failure success success',
    'excused failure success',
  ]);
  assert.equal(record.ok, false);
  assert.ok(!record.text.includes('unreached'));
});

test('inputs have defaults, are in no variable, and an unknown one is a warning', async () => {
  const script = 'env | grep -c INPUT_ || true\necho "known is $KNOWN, misspelt is \'$MISSPELT\'"';
  const steps = [['one', ['env:', '  KNOWN: ${{ inputs.known }}', '  MISSPELT: ${{ inputs.knwon }}'], script]];
  const record = await run(steps, { inputs: { unknown: 'x' } });
  assert.equal(record.text, "0\nknown is preset, misspelt is ''");
  assert.deepEqual(record.warnings, ["Unexpected input 'unknown'"]);
});

test('outputs, variables and paths go to later steps, the caller\'s environment to all', async () => {
  const record = await run(
    [
      ['one', [], 'printf "a<<E\\n1\\n2\\nE\\n" >>"$GITHUB_OUTPUT"; echo V=w >>"$GITHUB_ENV"; mkdir t; echo "$PWD/t" >>"$GITHUB_PATH"'],
      ['two', ['env:', '  A: ${{ steps.one.outputs.a }}', "  BLANK: ''"], 'echo "$A|$CALLER|$BLANK|${PATH%%:*}"'],
    ],
    { env: { CALLER: 'c', BLANK: 'caller' }, outputs: 'outputs:\n  all:\n    description: x\n    value: ${{ steps.one.outputs.a }}\n' },
  );
  assert.match(record.text, /^1\n2\|c\|\|.*\/t$/);
  assert.equal(record.outputs.all, '1\n2');
});

test('secrets and masked values are hidden, annotations and summaries are capped', async () => {
  const record = await run(
    [
      ['mask', [], 'echo "$SECRET"; echo "::add-mask::other"; echo other; echo "secret value and other" >>"$GITHUB_STEP_SUMMARY"'],
      ['many', [], 'for i in {1..12}; do echo "::warning title=a%2Cb::line%0A$i"; done'],
      ['long', [], 'head -c 1048577 /dev/zero | tr "\\0" x >>"$GITHUB_STEP_SUMMARY"'],
    ],
    { env: { SECRET: 'secret value' }, secrets: ['secret value'] },
  );
  assert.match(record.text, /^\*\*\*\n::add-mask::\*\*\*\n\*\*\*\n/);
  assert.equal(record.summary, '*** and ***\n');
  const warnings = record.annotations.filter(({ level }) => level === 'warning');
  assert.equal(warnings.length, 10);
  assert.deepEqual(warnings[0], { level: 'warning', title: 'a,b', message: 'line\n1' });
  assert.equal(record.droppedAnnotations, 2);
  assert.ok(record.annotations.some(({ message }) => message.includes('1 MiB')));
});

test('stopped commands are text until their token', async () => {
  const record = await run([['one', [], 'echo ::stop-commands::t0k\necho ::error::no\necho ::t0k::\necho ::notice::yes\necho "x ##[error]legacy"']]);
  assert.deepEqual(record.annotations.map(({ message }) => message), ['yes']);
  assert.deepEqual(record.warnings, ['legacy command: x ##[error]legacy']);
});

test('a cancelled job sends one signal to the shell of the step, and only always runs on', async () => {
  let machine;
  const world = { prepare: (made) => (machine = made) };
  setTimeout(() => machine.cancel(), 300);
  const record = await run(
    [
      ['one', [], 'trap "echo got it; exit 5" INT\nsleep 5 &\nwait $! '],
      ['two', [], 'true'],
      ['three', ['if: always()'], 'true'],
      ['four', ['if: "!cancelled()"'], 'true'],
    ],
    { world },
  );
  assert.match(record.text, /got it/);
  assert.deepEqual(Object.values(record.steps).map(({ outcome }) => outcome), ['cancelled', 'skipped', 'success', 'skipped']);
});

test('what GitHub\'s parser refuses is not run', async () => {
  await assert.rejects(run([['one', ['timeout-minutes: 3'], 'true']]), /Unexpected value 'timeout-minutes'/);
  await assert.rejects(run([['one', ['if: nothing()'], 'true']]), /Unrecognized function/);
});
