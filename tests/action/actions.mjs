// What stands for the actions of GitHub that the steps use: they copy folders where the real ones talk to a service.

import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';

/** A failure that the action itself would report, as opposed to a broken test. */
function refused(message) {
  return Object.assign(new Error(message), { expected: true });
}

/** `actions/checkout`: the world's repository, at the ref that the step names, or else at that of the event; one commit deep unless
 * the step asks for all of them. */
export function checkout({ machine, with: inputs }) {
  const { world } = machine;
  const git = (...args) => execFileSync('git', ['-C', machine.workspace, ...args], { stdio: 'pipe' });
  if (inputs['persist-credentials'] !== 'false') throw new Error('the token would stay in the checkout');
  const depth = inputs['fetch-depth'] === '0' ? [] : ['--depth=1'];
  git('init', '--quiet');
  git('remote', 'add', 'origin', `file://${world.checkout.remote}`);
  git('fetch', '--quiet', ...depth, 'origin', inputs.ref || world.checkout.commit);
  git('checkout', '--quiet', '--detach', 'FETCH_HEAD');
}

/** `actions/upload-artifact`: copies the folder, without hidden files, into the store. Names are taken once a run. */
export function upload({ machine, with: inputs }) {
  const { api, runId } = machine.world;
  const files = existsSync(inputs.path) ? readdirSync(inputs.path).filter((name) => !name.startsWith('.')) : [];
  if (files.length === 0) {
    if (inputs['if-no-files-found'] === 'error') throw refused('No files were found');
    return {};
  }
  if (!inputs.name || /["<>:|*?\r\n\\/]/.test(inputs.name)) throw refused('The artifact name is not valid');
  const artifact = api.addArtifact(inputs.name, runId);
  if (!artifact) throw refused('an artifact with this name already exists on the workflow run');
  cpSync(inputs.path, artifact.folder, { recursive: true, filter: (file) => !path.basename(file).startsWith('.') });
  return {
    'artifact-id': String(artifact.id),
    'artifact-url': `${machine.github.server_url}/${machine.github.repository}/actions/runs/${runId}/artifacts/${artifact.id}`,
    'artifact-digest': artifact.digest,
  };
}

/** `actions/download-artifact` by id and run, with a token that may read actions; one artifact lands in the path itself. */
export function download({ machine, with: inputs }) {
  const { api } = machine.world;
  if (!api.allows(inputs['github-token'], 'actions', 'read')) throw refused('Resource not accessible by integration');
  const artifact = api.artifacts.find(
    ({ id, workflow_run: run }) => String(id) === inputs['artifact-ids'] && String(run.id) === inputs['run-id'],
  );
  if (!artifact || artifact.expired) throw refused('Unable to download artifact(s): Artifact not found');
  mkdirSync(inputs.path, { recursive: true });
  cpSync(artifact.folder, inputs.path, { recursive: true });
  return { 'download-path': inputs.path };
}

export const ACTIONS = {
  'actions/checkout': checkout,
  'actions/upload-artifact': upload,
  'actions/download-artifact': download,
};
