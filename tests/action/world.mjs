// One small company: a repository with its configuration and reference, a Zendesk, a GitHub, and the program.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ACTIONS } from './actions.mjs';
import { GitHubApi } from './github_api.mjs';
import { startZendesk } from './zendesk.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const PROFILE = process.env.G_GREMLIN_PROFILE ?? 'debug';
export const BINARY = process.env.G_GREMLIN_BINARY ?? path.join(ROOT, 'target', PROFILE, 'g-gremlin');
const FAKE_ZENDESK = path.join(ROOT, 'target/debug/examples/fake_zendesk');

export const REPOSITORY = 'acme/support-ops';
/** Credentials of the fake Zendesk, as the two environments hold them. */
export const ZENDESK_SECRETS = { ZENDESK_OAUTH_CLIENT_ID: 'fake-client', ZENDESK_OAUTH_CLIENT_SECRET: 'fake-client-secret' };
/** What no step may have together with a GitHub token. */
export const ZENDESK_VARIABLES = [
  'ZENDESK_OAUTH_CLIENT_ID',
  'ZENDESK_OAUTH_CLIENT_SECRET',
  'ZENDESK_OAUTH_TOKEN',
  'ZENDESK_EMAIL',
  'ZENDESK_API_TOKEN',
  'SALESFORCE_CLIENT_ID',
  'SALESFORCE_CLIENT_SECRET',
  'SALESFORCE_ACCESS_TOKEN',
];

/** A world; `root` holds the action, its scripts and the workflows under test. */
export async function makeWorld({ isPrivate = true, root = ROOT } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'g-gremlin-action-'));
  const zendesk = await startZendesk(FAKE_ZENDESK, path.join(ROOT, 'fixtures/demo'));
  const api = await new GitHubApi({ repository: REPOSITORY, isPrivate, folder }).start();
  return new World({ folder, zendesk, api, isPrivate, root });
}

export class World {
  constructor(parts) {
    Object.assign(this, parts);
    this.remote = path.join(this.folder, 'remote');
    mkdirSync(this.remote);
    this.git('init', '--quiet', '--initial-branch=main');
    this.git('config', 'uploadpack.allowAnySHA1InWant', 'true');
    this.reference = readFileSync(path.join(ROOT, 'fixtures/demo/salesforce_accounts.csv'), 'utf8');
    this.commit({ 'salesforce_accounts.csv': this.reference, 'gremlin.zendesk_drift.yaml': this.config() }, 'start');
    this.main = this.head();
    this.vars = { ZENDESK_SUBDOMAIN: new URL(this.zendesk.origin).host };
  }

  /** A workflow under test. */
  workflow(name) {
    return path.join(this.root, '.github/workflows', name);
  }

  config(more = '') {
    return `version: 1\nzendesk:\n  base_url: ${this.zendesk.origin}\nsalesforce:\n  accounts_csv: salesforce_accounts.csv\n${more}`;
  }

  git(...args) {
    const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@acme.example', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', ['-C', this.remote, ...identity, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
  }

  head() {
    return this.git('rev-parse', 'HEAD');
  }

  commit(files, message) {
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(this.remote, name), content);
    this.git('add', '--all');
    this.git('commit', '--quiet', '-m', message);
    return this.head();
  }

  /** The merge of a pull request with these files into main, as GitHub makes it. Main stays where it is. */
  mergeOf(files) {
    this.git('checkout', '--quiet', '-B', 'change', this.main);
    this.commit(files, 'change');
    this.git('checkout', '--quiet', '-B', 'merge', this.main);
    this.git('merge', '--quiet', '--no-ff', '-m', 'merge', 'change');
    const merge = this.head();
    this.git('checkout', '--quiet', 'main');
    return merge;
  }

  repositoryPayload() {
    return { full_name: REPOSITORY, private: this.isPrivate, default_branch: 'main', name: 'support-ops', owner: { login: 'acme' } };
  }

  /** What a run needs to know. `event` is the payload beside the repository. */
  run(eventName, event = {}, more = {}) {
    const workflow = more.workflow ?? 'drift-audit.yml';
    const runId = this.api.addRun({ workflow, event: eventName, branch: more.branch });
    return {
      repository: REPOSITORY,
      folder: this.folder,
      eventName,
      event: { repository: this.repositoryPayload(), ...event },
      apiUrl: this.api.url,
      api: this.api,
      runId,
      actions: ACTIONS,
      action: path.join(this.root, 'action.yml'),
      actionPath: this.root,
      checkout: { remote: this.remote, commit: this.main },
      tokenFor: (permissions) => this.api.tokenFor(permissions, more),
      secrets: { 'zendesk-read': ZENDESK_SECRETS, 'zendesk-write': ZENDESK_SECRETS },
      vars: this.vars,
      actionInputs: { 'binary-path': BINARY },
      ...more,
    };
  }

  /** The files of an artifact, by their paths in it. */
  filesOf(artifact) {
    return readdirSync(artifact.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(artifact.folder, path.join(entry.parentPath, entry.name)))
      .toSorted();
  }

  /** Puts what an action run alone needs into its workspace. */
  checkoutInto(machine) {
    for (const name of ['salesforce_accounts.csv', 'gremlin.zendesk_drift.yaml']) {
      cpSync(path.join(this.remote, name), path.join(machine.workspace, name));
    }
  }

  async close() {
    await Promise.all([this.zendesk.stop(), this.api.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
