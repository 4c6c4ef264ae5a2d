// The comment on a pull request, made by the real program at a GitHub that nobody here wrote (`github_emulated.mjs`).
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { EmulatedGitHub, PEOPLE, REPOSITORY } from './github_emulated.mjs';
import { BINARY, ROOT } from './world.mjs';

const MARKER = '<!-- g-gremlin:sticky v1 key=default -->';
const BOT = 'github-actions[bot]';

let github;
before(async () => (github = await EmulatedGitHub.start()));
after(() => github?.close());

/** Runs `report` on a run folder of the fixtures as a step of a workflow does. `summary` is what the job summary holds. */
async function report(fixture, { token, pull }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'g-gremlin-comment-'));
  try {
    const event = path.join(folder, 'event.json');
    writeFileSync(event, JSON.stringify({ repository: { private: true }, pull_request: { number: pull } }));
    const summary = path.join(folder, 'summary.md');
    const env = {
      GITHUB_ACTIONS: 'true',
      GITHUB_API_URL: github.url,
      GITHUB_EVENT_PATH: event,
      GITHUB_REPOSITORY: REPOSITORY,
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_TOKEN: token,
    };
    const run = path.join(ROOT, 'fixtures', fixture, 'expected');
    const args = ['zendesk', 'drift', 'report', run, '--to', 'job-summary', '--to', 'comment'];
    const { code, text } = await new Promise((resolve, reject) => {
      execFile(BINARY, args, { cwd: folder, env }, (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number') reject(error);
        else resolve({ code: error?.code ?? 0, text: stdout + stderr });
      });
    });
    assert.ok(!text.includes(token), 'the token is shown');
    return { code, text, summary: existsSync(summary) ? readFileSync(summary, 'utf8') : '' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A case with a pull request of its own, and a job's token. No request of it may be other than GitHub describes. */
function described(name, check) {
  test(name, async () => {
    const [token, pull] = [await github.jobToken(), await github.openPull(name)];
    github.forget();
    await check({ token, pull });
    assert.notDeepEqual(github.asked, [], 'no request was sent');
    assert.deepEqual(github.violations, []);
  });
}

const writes = () => github.asked.filter((asked) => !asked.startsWith('GET ') && asked !== 'POST /graphql');

function says({ code, text }, said) {
  assert.equal(code, 0, text);
  assert.ok(text.includes(said), `no ${said} in\n${text}`);
}

described('a comment is made once, then edited in place, then left alone', async ({ token, pull }) => {
  says(await report('demo', { token, pull }), `comment on #${pull}: made`);
  const [made, ...more] = await github.comments(pull);
  assert.deepEqual(more, []);
  assert.deepEqual([made.login, made.type], [BOT, 'Bot']);
  assert.ok(made.body.startsWith(`${MARKER}\n`));

  says(await report('all_codes', { token, pull }), 'updated');
  const [edited, ...others] = await github.comments(pull);
  assert.deepEqual(others, []);
  assert.equal(edited.id, made.id);
  assert.notEqual(edited.body, made.body);
  assert.match(edited.body, /62 issues/);

  says(await report('all_codes', { token, pull }), 'already up to date');
  assert.deepEqual(writes(), [`POST /issues/${pull}/comments`, `PATCH /issues/comments/${made.id}`]);
});

described('the comment is found behind 250 others, and every page is asked where the first was', async ({ token, pull }) => {
  for (let count = 0; count < 250; count += 1) await github.comment(PEOPLE.mallory, pull, 'me too');
  says(await report('demo', { token, pull }), 'made');
  says(await report('all_codes', { token, pull }), 'updated');
  const all = await github.comments(pull);
  assert.equal(all.length, 251);
  assert.equal(all.at(-1).login, BOT);
  assert.deepEqual(writes(), [`POST /issues/${pull}/comments`, `PATCH /issues/comments/${all.at(-1).id}`]);
  const pages = [1, 2, 3].map((page) => `GET /issues/${pull}/comments?per_page=100&page=${page}`);
  const reads = github.asked.filter((asked) => asked.startsWith(`GET /issues/${pull}/`));
  assert.deepEqual(reads, [...pages, ...pages]);
});

described("a marker in somebody else's comment is left alone", async ({ token, pull }) => {
  const planted = `${MARKER}\nplanted`;
  const id = await github.comment(PEOPLE.mallory, pull, planted);
  says(await report('demo', { token, pull }), 'made');
  says(await report('all_codes', { token, pull }), 'updated');
  const [others, own, ...more] = await github.comments(pull);
  assert.deepEqual(others, { id, login: 'mallory', type: 'User', body: planted });
  assert.equal(own.login, BOT);
  assert.deepEqual(more, []);
});

described("with a person's token, the own comment is that person's", async ({ token, pull }) => {
  const old = `${MARKER}\nold`;
  await github.comment(token, pull, old);
  const id = await github.comment(PEOPLE.ada, pull, old);
  says(await report('demo', { token: PEOPLE.ada, pull }), 'updated');
  assert.deepEqual(writes(), [`PATCH /issues/comments/${id}`]);
  const [bots] = await github.comments(pull);
  assert.deepEqual([bots.login, bots.body], [BOT, old]);
});

// emulate takes any token for somebody's, except one that has the form of an app's and is not signed.
const unsigned = async () => ({ token: 'eyJ.not.signed' });
const absent = async () => ({ pull: 99_999 });
const reading = async () => ({ token: await github.jobToken({ pull_requests: 'read' }) });
for (const [name, change, status, help] of [
  ['a token that is not accepted', unsigned, 401, 'the token is not accepted'],
  ['a pull request that does not exist', absent, 404, 'it does not exist, or the token cannot see it'],
  ['a token that may only read, as of a fork,', reading, 403, 'add the scope under `permissions`'],
]) {
  described(`${name} is a warning, and the job summary has it all`, async (job) => {
    const changed = { ...job, ...(await change()) };
    const ended = await report('demo', changed);
    says(ended, `::warning title=Comment::#${changed.pull} has no comment from this run`);
    says(ended, `GitHub answers ${status}`);
    says(ended, help);
    assert.match(ended.summary, /Acme/);
    assert.deepEqual(await github.comments(job.pull), []);
  });
}

test('a request that GitHub does not describe is noticed, and not passed on', async () => {
  const [token, pull] = [await github.jobToken(), await github.openPull('broken')];
  const comments = `/repos/${REPOSITORY}/issues/${pull}/comments`;
  const id = await github.comment(token, pull, 'as it is');
  const ask = (method, route, body, type = 'application/json') =>
    fetch(`${github.url}${route}`, { method, body, headers: { authorization: `Bearer ${token}`, 'content-type': type } });
  for (const [status, ...request] of [
    [422, 'POST', comments],
    [422, 'POST', comments, '{"text":"text"}'],
    [422, 'POST', comments, '{"body":7}'],
    [422, 'POST', comments, 'text', 'text/plain'],
    [422, 'GET', `${comments}?per_page=many`],
    [422, 'GET', comments.replace(`/${pull}/`, '/seven/')],
    [422, 'PATCH', `/repos/${REPOSITORY}/issues/comments/${id}`, '{}'],
    // As octocrab would edit a comment.
    [405, 'POST', `/repos/${REPOSITORY}/issues/comments/${id}`, '{"body":"text"}'],
    [422, 'POST', '/graphql', '{"query":"{ viewer { email } }"}'],
    [404, 'GET', '/repos'],
  ]) {
    github.forget();
    const answer = await ask(...request);
    assert.equal(answer.status, status, request.join(' '));
    assert.match(answer.headers.get('content-type'), /problem\+json|application\/json/);
    assert.equal(github.violations.length, 1, request.join(' '));
  }
  const [only, ...more] = await github.comments(pull);
  assert.equal(only.body, 'as it is');
  assert.deepEqual(more, []);
});
