// A GitHub that nobody here wrote: emulate keeps the state, and Prism stands in front of it and passes on only what GitHub's own
// description allows (`tests/github_openapi`). What Prism objects to is kept, for the tests to look at.

import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createLogger } from '@stoplight/prism-core';
import { getHttpOperationsFromSpec } from '@stoplight/prism-http';
import { createServer as createPrism } from '@stoplight/prism-http-server';
import { ROOT } from './world.mjs';

export const REPOSITORY = 'acme/support-ops';
/** Tokens of people who may write in it. */
export const PEOPLE = { ada: 'ghp_ada', mallory: 'ghp_mallory' };
const [OWNER, NAME] = REPOSITORY.split('/');
const APP = 15368;
const SLUG = 'github-actions';
const INSTALLATION = 7;
const PORTS_TRIED = 5;
const READY_MILLIS = 30_000;

// emulate takes a token that it does not know for the first user's. This one may do nothing in a private repository.
const NOBODY = { login: 'nobody' };
const SEED = {
  github: {
    users: [NOBODY, ...Object.keys(PEOPLE).map((login) => ({ login }))],
    // An organization: where a person owns the repository, emulate takes the app's token for that person's at `GET /user`.
    orgs: [{ login: OWNER, members: Object.keys(PEOPLE).map((login) => ({ login })) }],
    repos: [{ owner: OWNER, name: NAME, private: true, auto_init: true }],
    // Whatever a workflow's own token writes is by the bot of this app.
    apps: [
      {
        app_id: APP,
        slug: SLUG,
        name: 'GitHub Actions',
        permissions: { pull_requests: 'write', contents: 'read', metadata: 'read' },
        installations: [{ installation_id: INSTALLATION, account: OWNER, repository_selection: 'all' }],
      },
    ],
  },
  tokens: Object.fromEntries(Object.entries(PEOPLE).map(([login, token]) => [token, { login, scopes: ['repo', 'user'] }])),
};

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.on('error', reject).listen(0, resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A token by which an app says that it is the app. */
function appToken(key) {
  const seconds = Math.floor(Date.now() / 1000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: seconds - 60, exp: seconds + 540, iss: String(APP) })}`;
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key, 'base64url')}`;
}

/** emulate, which cannot be asked for its port: one is chosen for it, and another where that was taken meanwhile. */
async function startEmulate() {
  for (let tried = 1; ; tried += 1) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const worker = new Worker(new URL('github_emulated_worker.mjs', import.meta.url), { workerData: { port, baseUrl: url, seed: SEED } });
    const failed = new Promise((_, reject) => worker.once('error', reject));
    try {
      const started = new Promise((resolve) => worker.once('message', resolve));
      const [key] = await Promise.race([started, failed]);
      const emulate = { url, worker, key };
      await Promise.race([ready(emulate), failed]);
      return emulate;
    } catch (error) {
      await worker.terminate();
      if (error.code !== 'EADDRINUSE' || tried === PORTS_TRIED) throw error;
    }
  }
}

/** Waits until it answers as only this one can: it knows its own key. */
async function ready({ url, key }) {
  const until = Date.now() + READY_MILLIS;
  while (Date.now() < until) {
    const asked = fetch(`${url}/app`, { headers: { authorization: `Bearer ${appToken(key)}` } });
    const answer = await asked.then((response) => response.json()).catch(() => undefined);
    if (answer?.slug === SLUG) return;
    await sleep(20);
  }
  throw new Error(`emulate is not ready after ${READY_MILLIS} ms`);
}

/** GitHub's description of what this project asks, as OpenAPI. It has no answers, so any will do; a body is always required. */
function description() {
  const { source, requests } = JSON.parse(readFileSync(path.join(ROOT, 'tests/github_openapi/requests.json'), 'utf8'));
  const paths = {};
  const describe = (method, route, parameters, schema) => {
    const body = schema && { requestBody: { required: true, content: { 'application/json': { schema } } } };
    paths[route] ??= {};
    paths[route][method.toLowerCase()] = { parameters, ...body, responses: { default: { description: 'Any.' } } };
  };
  for (const { method, path: route, parameters, body } of requests) describe(method, route, parameters, body);
  // The other API has a description of its own; this is all that is asked of it.
  const question = { type: 'string', enum: ['{ viewer { login } }'] };
  describe('POST', '/graphql', [], { type: 'object', required: ['query'], properties: { query: question }, additionalProperties: false });
  return { openapi: '3.0.3', info: { title: source, version: '1' }, paths };
}

/** Prism, as `prism proxy --errors`. Every line that it logs goes to `note`. */
async function startPrism(upstream, note) {
  const logger = createLogger('prism', { level: 'info' }, { write: (line) => note(JSON.parse(line)) });
  const config = {
    isProxy: true,
    upstream: new URL(upstream),
    upstreamProxy: undefined,
    errors: true,
    validateRequest: true,
    validateResponse: false,
    checkSecurity: true,
    mock: { dynamic: false },
  };
  const prism = createPrism(await getHttpOperationsFromSpec(description()), { components: { logger }, config, cors: false });
  return { url: await prism.listen(0, '127.0.0.1'), close: () => prism.close() };
}

export class EmulatedGitHub {
  static async start() {
    const emulate = await startEmulate();
    const github = new EmulatedGitHub(emulate);
    try {
      github.prism = await startPrism(emulate.url, (line) => github.note(line));
    } catch (error) {
      await emulate.worker.terminate();
      throw error;
    }
    github.url = github.prism.url;
    return github;
  }

  constructor(emulate) {
    this.emulate = emulate;
    this.forget();
  }

  async close() {
    await this.emulate.worker.terminate();
    await this.prism.close();
  }

  /** `asked` are the requests that came to Prism, without the repository's part; `violations` what it objected to. */
  forget() {
    Object.assign(this, { asked: [], violations: [] });
  }

  note({ level, msg, input }) {
    const WARNING = 40;
    if (level >= WARNING) this.violations.push(msg);
    if (msg !== 'Request received') return;
    const query = new URLSearchParams(input.url.query).toString();
    const route = input.url.path.replace(`/repos/${REPOSITORY}`, '');
    this.asked.push(`${input.method.toUpperCase()} ${route}${query && `?${query}`}`);
  }

  /** Asks emulate itself, to set the scene. */
  async direct(token, method, route, sent) {
    const answer = await fetch(`${this.emulate.url}${route}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: sent && JSON.stringify(sent),
    });
    const text = await answer.text();
    assert.ok(answer.ok, `${method} ${route}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** A token as a job's, with these permissions. */
  async jobToken(permissions = { pull_requests: 'write', contents: 'read' }) {
    const app = appToken(this.emulate.key);
    const { token } = await this.direct(app, 'POST', `/app/installations/${INSTALLATION}/access_tokens`, { permissions });
    return token;
  }

  /** Opens a pull request; returns its number. */
  async openPull(branch) {
    const sent = { title: branch, head: branch, base: 'main' };
    return (await this.direct(PEOPLE.ada, 'POST', `/repos/${REPOSITORY}/pulls`, sent)).number;
  }

  /** Writes a comment; returns its id. */
  async comment(token, pull, body) {
    return (await this.direct(token, 'POST', `/repos/${REPOSITORY}/issues/${pull}/comments`, { body })).id;
  }

  /** Every comment on a pull request, as `{id, login, type, body}`. */
  async comments(pull) {
    const all = [];
    for (let page = 1; ; page += 1) {
      const route = `/repos/${REPOSITORY}/issues/${pull}/comments?per_page=100&page=${page}`;
      const some = await this.direct(PEOPLE.ada, 'GET', route);
      all.push(...some.map(({ id, body, user }) => ({ id, login: user.login, type: user.type, body })));
      if (some.length < 100) return all;
    }
  }
}
