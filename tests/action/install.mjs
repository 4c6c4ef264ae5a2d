// The install step with a release, `curl` and `gh` standing for the network: what is run is what the table and the attestation say.
// `install.test.mjs` runs the cases on the scripts as they are, `broken.test.mjs` on broken copies, which must make them fail.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runAction } from './runner.mjs';
import { REPOSITORY, ROOT } from './world.mjs';

// Takes the file from RELEASES, and says what it was asked.
const CURL = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$RELEASES/curl.log"
env | grep -c TOKEN=. >>"$RELEASES/curl.tokens"
while [ $# -gt 1 ]; do if [ "$1" = --output ]; then out=$2; fi; shift; done
cp "$RELEASES/\${1##*/}" "$out"
`;
// GH says what becomes of the attestation.
const GH = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$RELEASES/gh.log"
[ -n "$GH_TOKEN" ] || exit 4
case "$GH $2" in
  'unavailable '*) echo 'HTTP 404' >&2; exit 1 ;;
  *download) echo '{}' >sha256:0123.jsonl ;;
  *trusted-root) echo '{}' ;;
  'contradicts verify') exit 1 ;;
esac
`;
// Builds PROGRAM, and says what it was asked.
const CARGO = `#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$RELEASES/cargo.log"
while [ $# -gt 1 ]; do if [ "$1" = --target-dir ]; then out=$2; fi; shift; done
mkdir -p "$out/release"
cp "$RELEASES/g-gremlin" "$out/release/g-gremlin"
`;
const PROGRAM = '#!/usr/bin/env bash\nif [ "$1" = --version ]; then echo g-gremlin 9.9.9; else echo "ran: $*"; exit 0; fi\n';

/** A copy of the action, a release of it, and the tools. `archive` changes the release after its sum was taken. */
function release({ root = ROOT, target = 'x86_64-unknown-linux-musl', program = 'g-gremlin', archive = () => {}, version = '9.9.9' } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'g-gremlin-release-'));
  const [actionPath, releases, tools] = ['action', 'releases', 'tools'].map((name) => path.join(folder, name));
  for (const one of [actionPath, releases, tools]) mkdirSync(one);
  cpSync(path.join(root, 'action'), path.join(actionPath, 'action'), { recursive: true });
  cpSync(path.join(ROOT, 'Cargo.toml'), path.join(actionPath, 'Cargo.toml'));
  for (const [name, text] of [['curl', CURL], ['gh', GH], ['cargo', CARGO]]) {
    writeFileSync(path.join(tools, name), text);
    chmodSync(path.join(tools, name), 0o755);
  }
  writeFileSync(path.join(releases, program), PROGRAM);
  chmodSync(path.join(releases, program), 0o755);
  const name = `g-gremlin-${version}-${target}.tar.gz`;
  execFileSync('tar', ['-czf', name, program], { cwd: releases });
  const file = path.join(releases, name);
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
  mkdirSync(path.join(actionPath, '.github'));
  const table = readFileSync(path.join(ROOT, '.github/release-checksums.txt'), 'utf8');
  writeFileSync(path.join(actionPath, '.github/release-checksums.txt'), `${table}${'0'.repeat(64)}  other.tar.gz\n${sum}  ${name}\n`);
  archive(file);
  return { folder, actionPath, releases, tools, name };
}

async function install(released, { inputs = {}, gh = 'good', runner = {}, token = 'ghs_secret', serverUrl = 'https://github.com', variables = {} } = {}) {
  const world = {
    repository: REPOSITORY,
    folder: released.folder,
    eventName: 'workflow_dispatch',
    event: { repository: { private: true } },
    action: path.join(ROOT, 'action.yml'),
    actionPath: released.actionPath,
    actions: {},
    tools: [released.tools],
    runner,
    token,
    serverUrl,
    machineEnv: { RELEASES: released.releases, GH: gh, ...variables },
  };
  const record = await runAction({ world, inputs: { command: 'doctor', version: '9.9.9', ...inputs } });
  const log = (name) => {
    try {
      return readFileSync(path.join(released.releases, name), 'utf8');
    } catch {
      return '';
    }
  };
  return { ...record, text: record.text, installed: record.steps.install.outcome === 'success', curl: log('curl.log'), gh: log('gh.log'), cargo: log('cargo.log'), tokens: log('curl.tokens') };
}

const told = (record, level) => record.annotations.filter((one) => one.level === level).map(({ message }) => message).join('\n');

async function withRelease(options, body) {
  const released = release(options);
  try {
    await body(released);
  } finally {
    rmSync(released.folder, { recursive: true, force: true });
  }
}

export const INSTALLS = {
  'a release whose sum and attestation agree is run': (root) =>
    withRelease({ root }, async (released) => {
      const run = await install(released, { inputs: { version: 'v9.9.9' } });
      assert.ok(run.installed, run.text);
      assert.match(run.text, /ran: github action run/);
      assert.match(run.curl, /--proto =https .*--tlsv1.2 .*--retry 5 .*releases\/download\/v9\.9\.9\/g-gremlin-9\.9\.9-x86_64-unknown-linux-musl\.tar\.gz/);
      assert.match(run.gh, /attestation verify .*--signer-workflow g-gremlin\/g-gremlin\/\.github\/workflows\/release\.yml/);
      assert.equal(told(run, 'notice'), '');
    }),

  'without a version, the action\'s own is installed': async (root) => {
    const version = /^version = "(.*)"$/m.exec(readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8'))[1];
    await withRelease({ root, version }, async (released) => {
      const run = await install(released, { inputs: { version: '' } });
      assert.ok(run.installed, run.text);
      assert.ok(run.curl.includes(`/v${version}/`));
    });
  },

  'an archive with another sum is not run': (root) =>
    withRelease({ root, archive: (file) => writeFileSync(file, 'other') }, async (released) => {
      const run = await install(released);
      assert.equal(run.installed, false);
      assert.equal(run.ok, false);
      assert.match(told(run, 'error'), /SHA-256 .* is not the one in the action's table/);
      assert.equal(run.gh, '', 'not even looked at');
    }),

  'an attestation that contradicts stops, one that cannot be had is a notice': (root) =>
    withRelease({ root }, async (released) => {
      const contradicted = await install(released, { gh: 'contradicts' });
      assert.equal(contradicted.installed, false);
      assert.match(told(contradicted, 'error'), /contradicts/);
      const unavailable = await install(released, { gh: 'unavailable' });
      assert.ok(unavailable.installed);
      assert.match(told(unavailable, 'notice'), /not checked/);
      const tokenless = await install(released, { inputs: { 'github-token': '' } });
      assert.ok(tokenless.installed);
      assert.match(told(tokenless, 'notice'), /not checked/);
    }),

  'a version without a sum in the table, and one that is none, are not fetched': (root) =>
    withRelease({ root }, async (released) => {
      for (const [version, said] of [['1.2.3', /knows no checksum/], ['latest', /a release such as/], ['../x', /a release such as/]]) {
        const run = await install(released, { inputs: { version } });
        assert.equal(run.installed, false, version);
        assert.match(told(run, 'error'), said);
      }
      const run = await install(released, { runner: { os: 'Linux', arch: 'ARM' } });
      assert.equal(run.installed, false);
      assert.match(told(run, 'error'), /no release for Linux on ARM/);
      assert.equal(run.curl, '');
    }),

  'each system gets its own archive': async (root) => {
    for (const [os, arch, target] of [
      ['Linux', 'ARM64', 'aarch64-unknown-linux-musl'],
      ['macOS', 'X64', 'x86_64-apple-darwin'],
      ['macOS', 'ARM64', 'aarch64-apple-darwin'],
      ['Windows', 'X64', 'x86_64-pc-windows-msvc'],
    ]) {
      await withRelease({ root, target, program: os === 'Windows' ? 'g-gremlin.exe' : 'g-gremlin' }, async (released) => {
        const run = await install(released, { runner: { os, arch } });
        assert.ok(run.installed, `${os} ${run.text}`);
        assert.ok(run.curl.includes(target));
      });
    }
  },

  'the token is for gh alone': (root) =>
    withRelease({ root }, async (released) => {
      const run = await install(released);
      assert.equal(run.steps.install.conclusion, 'success');
      assert.ok(!run.curl.includes('ghs_secret'));
      assert.equal(run.tokens.trim(), '0');
      assert.ok(!run.text.includes('***'));
    }),

  'the token of another server goes nowhere, and the sum is checked all the same': async (root) => {
    for (const serverUrl of ['https://github.acme.example', 'https://acme.ghe.com', 'https://github.com.acme.example']) {
      await withRelease({ root }, async (released) => {
        const run = await install(released, { serverUrl });
        assert.ok(run.installed, run.text);
        assert.equal(run.gh, '', 'gh is not asked');
        assert.equal(run.tokens.trim(), '0');
        assert.match(told(run, 'notice'), /not checked: .*github\.com, where the token of this server must not go/);
      });
    }
    await withRelease({ root, archive: (file) => writeFileSync(file, 'other') }, async (released) => {
      const run = await install(released, { serverUrl: 'https://github.acme.example' });
      assert.equal(run.installed, false);
      assert.match(told(run, 'error'), /SHA-256/);
    });
  },

  'the source is built beside the action, or where a cache keeps it': (root) =>
    withRelease({ root }, async (released) => {
      const manifest = path.join(released.actionPath, 'Cargo.toml');
      const build = `build --locked --release --bin g-gremlin --manifest-path ${manifest} --target-dir`;
      const beside = await install(released, { inputs: { version: 'source' } });
      assert.ok(beside.installed, beside.text);
      assert.equal(beside.cargo, `${build} ${released.actionPath}/target\n`);
      const kept = await install(released, { inputs: { version: 'source' }, variables: { CARGO_TARGET_DIR: 'g-gremlin-target' } });
      assert.match(kept.text, /ran: github action run/, 'later steps find it');
      assert.equal(kept.cargo, `${beside.cargo}${build} g-gremlin-target\n`);
      assert.equal(kept.steps.install.outputs.binary, path.join(kept.machine.workspace, 'g-gremlin-target/release/g-gremlin'));
      assert.equal(kept.curl, '');
    }),

  'a binary-path that is not there is an error': (root) =>
    withRelease({ root }, async (released) => {
      const run = await install(released, { inputs: { 'binary-path': 'absent' } });
      assert.equal(run.installed, false);
      assert.match(told(run, 'error'), /no file at the input binary-path/);
    }),
};
