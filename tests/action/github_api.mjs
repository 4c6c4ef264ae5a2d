// A GitHub REST API on loopback that keeps state and knows what each token may do: runs, artifacts, comments, pull requests,
// reviews, contents. What it does not know is 404, and fails the test at the end.

import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const PER_PAGE = 30;

/** Git's name of a text. */
export const blob = (text) => createHash('sha1').update(`blob ${Buffer.byteLength(text)}\0${text}`).digest('hex');

export class GitHubApi {
  constructor({ repository, isPrivate, folder }) {
    Object.assign(this, { repository, isPrivate, folder, defaultBranch: 'main' });
    this.tip = '9'.repeat(40); // the last commit of the default branch
    this.runs = [];
    this.artifacts = [];
    this.comments = []; // {id, issue, body, user}
    this.pulls = []; // {number, merged, base, head, author, files: [{filename, status}], reviews}
    this.files = {}; // path on the default branch → text
    this.roles = {}; // login → permission
    this.tokens = new Map(); // token → {scope: level}
    this.requests = [];
    this.unknown = [];
    this.nextId = 7000;
  }

  async start() {
    this.server = createServer((request, response) => this.answer(request, response));
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** A token with a job's `permissions`; what they do not name, it may not. A fork's may only read. */
  tokenFor(permissions, { fork = false } = {}) {
    const token = `ghs_${randomBytes(18).toString('hex')}`;
    const granted = Object.entries(permissions).map(([scope, level]) => [scope, fork && level === 'write' ? 'read' : level]);
    this.tokens.set(token, Object.fromEntries(granted));
    return token;
  }

  allows(token, scope, level) {
    const granted = this.tokens.get(token)?.[scope];
    return granted === 'write' || (granted === 'read' && level === 'read');
  }

  /** A finished run of a workflow, as the audits of the past are. */
  addRun({ workflow, event, branch = this.defaultBranch, conclusion = 'success', head = this.repository }) {
    const id = (this.nextId += 1);
    const [owner] = head.split('/');
    this.runs.push({
      id,
      name: workflow,
      path: `.github/workflows/${workflow}`,
      event,
      status: 'completed',
      conclusion,
      head_branch: branch,
      head_sha: createHash('sha1').update(String(id)).digest('hex'),
      run_attempt: 1,
      run_number: id,
      created_at: this.time(id),
      run_started_at: this.time(id),
      repository: this.repositoryObject(this.repository),
      head_repository: this.repositoryObject(`${owner}/${head.split('/')[1]}`),
    });
    return id;
  }

  /** Starts a run again, which makes it the one that started last. Returns the number of the attempt. */
  rerun(id) {
    const run = this.runs.find((one) => one.id === id);
    run.run_attempt += 1;
    run.run_started_at = this.time((this.nextId += 1));
    return run.run_attempt;
  }

  /** The time at which an id was given out: later ones are later. */
  time(id) {
    return new Date(Date.UTC(2026, 3, 1) + id * 1000).toISOString();
  }

  /** An artifact of a run, with a folder for its files; nothing when the run has one of that name. */
  addArtifact(name, runId) {
    if (this.artifacts.some((one) => one.name === name && one.workflow_run.id === runId)) return undefined;
    const id = (this.nextId += 1);
    const run = this.runs.find((one) => one.id === runId);
    const artifact = {
      id,
      name,
      expired: false,
      size_in_bytes: 1,
      digest: `sha256:${createHash('sha256').update(name).digest('hex')}`,
      created_at: this.time(id),
      expires_at: '2099-01-01T00:00:00Z',
      workflow_run: { id: runId, head_branch: run?.head_branch, head_sha: run?.head_sha },
      folder: mkdtempSync(path.join(this.folder, 'artifact-')),
    };
    this.artifacts.push(artifact);
    return artifact;
  }

  repositoryObject(fullName) {
    const [owner, name] = fullName.split('/');
    return {
      id: fullName === this.repository ? 1 : 2,
      name,
      full_name: fullName,
      private: this.isPrivate,
      owner: { login: owner, id: 1 },
      default_branch: this.defaultBranch,
      url: `${this.url}/repos/${fullName}`,
    };
  }

  answer(request, response) {
    let body = '';
    request.on('data', (chunk) => (body += chunk)).on('end', () => {
      const url = new URL(request.url, this.url);
      const token = /^(?:Bearer|token) (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      const asked = { method: request.method, path: url.pathname, query: Object.fromEntries(url.searchParams), token, body };
      const { status, json, headers } = this.tokens.has(token)
        ? this.route(asked, body === '' ? {} : JSON.parse(body))
        : { status: 401, json: { message: 'Bad credentials' } };
      this.requests.push({ ...asked, status });
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
      response.end(JSON.stringify(json));
    });
  }

  route(asked, sent) {
    const prefix = `/repos/${this.repository}`;
    const rest = asked.path === prefix ? '/' : asked.path.startsWith(`${prefix}/`) ? asked.path.slice(prefix.length) : undefined;
    // Not for the tokens of jobs, as on GitHub.
    if (asked.path === '/graphql') return { status: 200, json: { data: { viewer: { login: 'github-actions[bot]' } } } };
    if (asked.path === '/user') return { status: 403, json: { message: 'Resource not accessible by integration' } };
    const routes = [
      ['GET', /^\/$/, 'metadata', () => this.repositoryObject(this.repository)],
      ['GET', /^\/actions\/workflows\/([^/]+)\/runs$/, 'actions', ([file]) => this.listRuns(asked, file)],
      ['GET', /^\/actions\/runs\/(\d+)$/, 'actions', ([id]) => this.runs.find((run) => run.id === Number(id))],
      ['GET', /^\/actions\/runs\/(\d+)\/artifacts$/, 'actions', ([id]) => this.listArtifacts(asked, Number(id))],
      ['GET', /^\/issues\/(\d+)\/comments$/, 'pull-requests', ([issue]) => this.page(asked, this.comments.filter((one) => one.issue === Number(issue)))],
      ['POST', /^\/issues\/(\d+)\/comments$/, 'pull-requests', ([issue]) => this.comment(Number(issue), sent)],
      ['PATCH', /^\/issues\/comments\/(\d+)$/, 'pull-requests', ([id]) => this.edit(Number(id), sent)],
      ['GET', /^\/issues\/(\d+)\/events$/, 'pull-requests', ([number]) => this.page(asked, this.pull(number).events ?? [])],
      ['GET', /^\/branches\/([^/]+)$/, 'contents', ([name]) => (name === this.defaultBranch ? { name, commit: { sha: this.tip } } : undefined)],
      ['GET', /^\/compare\/([0-9a-f]+)\.\.\.([0-9a-f]+)$/, 'contents', ([base]) => (base === this.tip ? { status: 'behind', commits: [] } : undefined)],
      ['GET', /^\/contents\/(.+)$/, 'contents', ([file]) => this.contents(decodeURIComponent(file), asked)],
      ['GET', /^\/commits$/, 'contents', () => this.page(asked, this.commitsOf(asked.query.path))],
      ['GET', /^\/commits\/([0-9a-f]+)\/pulls$/, 'pull-requests', ([sha]) => this.page(asked, this.pulls.filter((pull) => pull.merge_commit_sha === sha))],
      ['GET', /^\/pulls$/, 'pull-requests', () => this.page(asked, this.pulls)],
      ['GET', /^\/pulls\/(\d+)$/, 'pull-requests', ([number]) => this.pull(number)],
      ['GET', /^\/pulls\/(\d+)\/files$/, 'pull-requests', ([number]) => this.page(asked, this.pull(number).files)],
      ['GET', /^\/pulls\/(\d+)\/reviews$/, 'pull-requests', ([number]) => this.page(asked, this.pull(number).reviews)],
      ['GET', /^\/collaborators\/([^/]+)\/permission$/, 'metadata', ([login]) => this.permission(login)],
    ];
    for (const [method, pattern, scope, handle] of routes) {
      const match = rest && method === asked.method ? pattern.exec(rest) : null;
      if (!match) continue;
      const level = method === 'GET' ? 'read' : 'write';
      if (scope !== 'metadata' && !this.allows(asked.token, scope, level)) {
        return { status: 403, json: { message: 'Resource not accessible by integration' } };
      }
      const found = handle(match.slice(1));
      if (found === undefined) return { status: 404, json: { message: 'Not Found' } };
      if (found.json !== undefined) return { status: 200, ...found };
      return { status: method === 'POST' ? 201 : 200, json: found };
    }
    this.unknown.push(`${asked.method} ${asked.path}`);
    return { status: 404, json: { message: 'Not Found' } };
  }

  page(asked, all) {
    const size = Math.min(Number(asked.query.per_page ?? PER_PAGE), 100);
    const page = Number(asked.query.page ?? 1);
    const headers = {};
    if (page * size < all.length) {
      const next = new URLSearchParams({ ...asked.query, page: String(page + 1) });
      headers.link = `<${this.url}${asked.path}?${next}>; rel="next"`;
    }
    return { json: all.slice((page - 1) * size, page * size), headers };
  }

  listRuns(asked, file) {
    if (!/^drift-(audit|apply)\.yml$/.test(file) && !this.runs.some((run) => run.path.endsWith(`/${file}`))) return undefined;
    const { branch, event, status } = asked.query;
    const all = this.runs
      .filter((run) => run.path === `.github/workflows/${file}`)
      .filter((run) => !branch || run.head_branch === branch)
      .filter((run) => !event || run.event === event)
      .filter((run) => !status || run.status === status || run.conclusion === status)
      .toSorted((a, b) => b.id - a.id);
    const { json, headers } = this.page(asked, all);
    return { json: { total_count: all.length, workflow_runs: json }, headers };
  }

  listArtifacts(asked, runId) {
    const all = this.artifacts
      .filter((one) => one.workflow_run.id === runId)
      .filter((one) => !asked.query.name || one.name === asked.query.name)
      .toSorted((a, b) => b.id - a.id)
      .map(({ folder, ...shown }) => shown);
    const { json, headers } = this.page(asked, all);
    return { json: { total_count: all.length, artifacts: json }, headers };
  }

  comment(issue, { body }) {
    const id = (this.nextId += 1);
    const url = `${this.url}/repos/${this.repository}/issues/comments/${id}`;
    const user = { login: 'github-actions[bot]', id: 41898282, type: 'Bot' };
    const made = { id, issue, body, user, url, html_url: url, created_at: '2026-04-18T00:00:00Z', updated_at: '2026-04-18T00:00:00Z' };
    this.comments.push(made);
    return made;
  }

  edit(id, { body }) {
    const found = this.comments.find((one) => one.id === id);
    if (found) found.body = body;
    return found;
  }

  pull(number) {
    return this.pulls.find((one) => one.number === Number(number));
  }

  contents(file, { query }) {
    if (query.ref !== this.tip) return undefined;
    const text = this.files[file];
    if (text === undefined) return undefined;
    const content = Buffer.from(text).toString('base64');
    return { type: 'file', encoding: 'base64', path: file, name: path.posix.basename(file), size: text.length, sha: blob(text), content };
  }

  commitsOf(file) {
    return this.pulls
      .filter((pull) => pull.merged && pull.files.some(({ filename }) => filename === file))
      .map((pull) => ({ sha: pull.merge_commit_sha }));
  }

  permission(login) {
    return { permission: this.roles[login] ?? 'none', role_name: this.roles[login] ?? 'none', user: { login } };
  }
}
