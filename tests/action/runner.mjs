// Runs a workflow's jobs and a composite action's steps for real, without GitHub.
//
// GitHub's own libraries parse the files (`@actions/workflow-parser`) and evaluate the expressions (`@actions/expressions`).
// This file does what the runner does around them: inputs and their defaults, contexts, status functions, one set of command
// files a step, `bash --noprofile --norc -eo pipefail`, workflow commands, masks, the caps on annotations and summaries,
// outcomes and outputs, and a signal to the step's shell when a job is cancelled. Steps with `uses:` of other actions go to
// the functions in `actions.mjs`, which get the evaluated `with` and `env`.
//
// It does not prove: the artifact service, what permissions a token has in fact, environments and their reviewers,
// concurrency, real masking, Windows and macOS shells, `hashFiles`, timeouts.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Evaluator, Lexer, Parser, data } from '@actions/expressions';
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { convertActionTemplate, parseAction } from '@actions/workflow-parser/actions/index';
import { ensureStatusFunction } from '@actions/workflow-parser/model/converter/if-condition';
import {
  isBasicExpression,
  isMapping,
  isScalar,
  isSequence,
} from '@actions/workflow-parser/templates/tokens/type-guards';

const MOST_ANNOTATIONS = 10; // of a kind and step
const LONGEST_ANNOTATION = 4096;
const LARGEST_SUMMARY = 1024 * 1024;

// ---- files and expressions ----

/** The token tree of an action or a workflow. Throws with every error that GitHub's parser finds. */
function parse(file, parser) {
  const { context, value } = parser({ name: file, content: readFileSync(file, 'utf8') }, new NoOperationTraceWriter());
  if (parser === parseAction) convertActionTemplate(context, value);
  const errors = context.errors.getErrors();
  if (errors.length > 0) throw new Error(`${file}: ${errors.map((error) => error.message).join('; ')}`);
  return fields(value);
}

/** A mapping's values by key; an absent one is empty. */
function fields(token) {
  const found = {};
  if (token && isMapping(token)) for (const { key, value } of token) found[key.toString()] = value;
  return found;
}

const items = (token) => (token && isSequence(token) ? Array.from({ length: token.count }, (_, i) => token.get(i)) : []);

function toData(value) {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'string') return new data.StringData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(toData));
  return new data.Dictionary(...Object.entries(value).map(([key, inner]) => ({ key, value: toData(inner) })));
}

function evaluate(text, contexts, status = {}) {
  const functions = Object.entries(status).map(([name, call]) => ({ name, minArgs: 0, maxArgs: 0, call }));
  const tree = new Parser(new Lexer(text).lex().tokens, Object.keys(contexts), functions).parse();
  return new Evaluator(tree, toData(contexts), new Map(functions.map((one) => [one.name, one]))).evaluate();
}

/** A scalar as text, its expressions evaluated. */
function text(token, contexts) {
  if (!token) return '';
  if (isBasicExpression(token)) return evaluate(token.expression, contexts).coerceString();
  if (!isScalar(token)) throw new Error(`no scalar: ${token}`);
  return token.toString();
}

const texts = (token, contexts) =>
  Object.fromEntries(Object.entries(fields(token)).map(([key, value]) => [key, text(value, contexts)]));

/** A job's or a step's `if`, with the implicit `success()`. */
function holds(token, contexts, status) {
  const written = !token ? '' : isBasicExpression(token) ? token.expression : token.toString().trim();
  const functions = ['success', 'failure', 'always', 'cancelled'].map((name) => ({ name, minArgs: 0, maxArgs: 0 }));
  const allowedContext = [...Object.keys(contexts), ...functions.map(({ name }) => `${name}(0,0)`)];
  const condition = written === '' ? 'success()' : ensureStatusFunction(written, { allowedContext });
  const answer = evaluate(condition, contexts, status);
  // Falsy as GitHub has it: false, 0, "", null.
  return !['', 'false', '0'].includes(answer.coerceString());
}

/** The runner's format of GITHUB_OUTPUT and GITHUB_ENV: the first of `=` and `<<` decides. */
export function parseCommandFile(content) {
  const pairs = {};
  const lines = content.split(/\r?\n/);
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    if (line === '') continue;
    const [equals, heredoc] = [line.indexOf('='), line.indexOf('<<')];
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new Error(`a line without a name: ${line}`);
      pairs[line.slice(0, equals)] = line.slice(equals + 1);
    } else if (heredoc > 0) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, i + 1);
      if (delimiter === '' || end < 0) throw new Error(`the delimiter ${delimiter} is missing`);
      pairs[line.slice(0, heredoc)] = lines.slice(i + 1, end).join('\n');
      i = end;
    } else {
      throw new Error(`neither = nor <<: ${line}`);
    }
  }
  return pairs;
}

// ---- the runner ----

/** What one job left: how it ended, and everything that a person or GitHub would see of it. */
class Record {
  constructor() {
    this.log = [];
    this.annotations = [];
    this.droppedAnnotations = 0;
    this.summaries = [];
    this.warnings = []; // of the runner itself
    this.started = []; // {name, id, env, inner, with, uses, run} of each step that ran, a composite action's inner ones too
    this.millis = {};
  }

  get text() {
    return this.log.join('\n');
  }

  get summary() {
    return this.summaries.join('\n');
  }
}

/** A list of steps that share contexts and a status: a job's, or a composite action's. */
class Scope {
  constructor(machine, { contexts, env, outer }) {
    Object.assign(this, { machine, contexts, env: { ...env }, paths: outer?.paths ?? [], outer });
    this.status = 'success';
    this.contexts.steps = {};
  }

  get functions() {
    const is = (wanted) => () => new data.BooleanData(wanted());
    const { machine } = this;
    return {
      always: is(() => true),
      cancelled: is(() => machine.cancelled),
      success: is(() => this.status === 'success' && !machine.cancelled),
      failure: is(() => this.status === 'failure' && !machine.cancelled),
    };
  }

  async run(steps) {
    for (const [index, token] of steps.entries()) await this.step(fields(token), index);
  }

  async step(step, index) {
    const { machine } = this;
    const id = step.id?.toString() ?? `__${index}`;
    const contexts = { ...this.contexts, env: this.env };
    if (!holds(step.if, contexts, this.functions)) {
      this.contexts.steps[id] = { outputs: {}, outcome: 'skipped', conclusion: 'skipped' };
      return;
    }
    const env = { ...this.env, ...texts(step.env, contexts) };
    const name = text(step.name, { ...contexts, env }) || id;
    const started = { name, id, env, inner: this.outer !== undefined };
    machine.record.started.push(started);
    if (!this.outer) machine.counts = {};

    const before = process.hrtime.bigint();
    const end = step.run
      ? await this.shell(step, started, { ...contexts, env })
      : await this.uses(step, started, { ...contexts, env });
    machine.record.millis[name] = Number(process.hrtime.bigint() - before) / 1e6;

    const outcome = machine.cancelled && !end.ok ? 'cancelled' : end.ok ? 'success' : 'failure';
    const excused = step['continue-on-error'] && text(step['continue-on-error'], contexts) === 'true';
    const conclusion = outcome === 'failure' && excused ? 'success' : outcome;
    this.contexts.steps[id] = { outputs: end.outputs, outcome, conclusion };
    if (conclusion === 'failure') this.status = 'failure';
  }

  async shell(step, started, contexts) {
    const { machine } = this;
    const shell = text(step.shell, contexts);
    if (shell !== 'bash' && (shell || this.outer)) throw new Error(`no shell to run: ${shell}`);
    const folder = mkdtempSync(path.join(machine.folder, 'step-'));
    const files = Object.fromEntries(
      ['output', 'env', 'path', 'step_summary', 'state'].map((kind) => [kind, path.join(folder, kind)]),
    );
    for (const file of Object.values(files)) writeFileSync(file, '');
    const script = path.join(folder, 'script.sh');
    started.run = text(step.run, contexts);
    writeFileSync(script, started.run);

    const commands = Object.fromEntries(Object.entries(files).map(([kind, file]) => [`GITHUB_${kind.toUpperCase()}`, file]));
    const env = { ...machine.base, ...this.variables(), ...started.env, ...commands };
    env.PATH = [...this.paths.toReversed(), env.PATH].join(':');
    started.env = env;
    const cwd = path.resolve(machine.workspace, text(step['working-directory'], contexts) || '.');
    // Without a shell, a job's step runs by `bash -e`.
    const flags = step.shell ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
    const code = await machine.spawn([...flags, script], { cwd, env });

    let ok = code === 0;
    let outputs = {};
    try {
      outputs = parseCommandFile(readFileSync(files.output, 'utf8'));
      Object.assign(this.carrier.env, parseCommandFile(readFileSync(files.env, 'utf8')));
    } catch (error) {
      machine.annotate('error', error.message);
      ok = false;
    }
    this.paths.push(...readFileSync(files.path, 'utf8').split('\n').filter(Boolean));
    const summary = readFileSync(files.step_summary, 'utf8');
    if (Buffer.byteLength(summary) > LARGEST_SUMMARY) machine.annotate('error', 'the summary is larger than 1 MiB');
    else if (summary !== '') machine.record.summaries.push(machine.masked(summary));
    if (!ok) machine.annotate('error', `Process completed with exit code ${code}.`);
    return { ok, outputs };
  }

  /** Where GITHUB_ENV goes: the job, also from inside a composite action. */
  get carrier() {
    return this.outer ?? this;
  }

  variables() {
    const { action_path: actionPath } = this.contexts.github;
    return actionPath ? { GITHUB_ACTION_PATH: actionPath } : {};
  }

  async uses(step, started, contexts) {
    const { machine } = this;
    const named = step.uses.toString();
    started.uses = named;
    started.with = texts(step.with, contexts);
    if (named === './' || named.startsWith('g-gremlin/g-gremlin@')) return this.composite(started);
    const action = Object.entries(machine.world.actions).find(([name]) => named.startsWith(`${name}@`))?.[1];
    if (!action) throw new Error(`nothing stands for ${named}`);
    try {
      const outputs = await action({ ...started, machine, workspace: machine.workspace });
      return { ok: true, outputs: outputs ?? {} };
    } catch (error) {
      if (!error.expected) throw error;
      machine.annotate('error', error.message);
      return { ok: false, outputs: {} };
    }
  }

  async composite(started) {
    const { machine } = this;
    const action = parse(machine.world.action, parseAction);
    // `actionInputs`: the program under test, where a workflow would take the release.
    const all = { ...machine.world.actionInputs, ...started.with };
    const given = Object.fromEntries(Object.entries(all).map(([key, value]) => [key.toLowerCase(), value]));
    const github = { ...this.contexts.github, action_path: machine.world.actionPath };
    const contexts = { github, runner: this.contexts.runner, job: { status: 'success' } };
    const inputs = {};
    for (const [name, input] of Object.entries(fields(action.inputs))) {
      inputs[name] = given[name.toLowerCase()] ?? text(fields(input).default, contexts);
      delete given[name.toLowerCase()];
    }
    for (const name of Object.keys(given)) machine.record.warnings.push(`Unexpected input '${name}'`);

    const inner = new Scope(machine, { contexts: { ...contexts, inputs }, env: started.env, outer: this });
    await inner.run(items(fields(action.runs).steps));
    machine.record.inner = inner.contexts.steps;
    const outputs = {};
    for (const [name, output] of Object.entries(fields(action.outputs))) {
      outputs[name] = text(fields(output).value, inner.contexts);
    }
    return { ok: inner.status === 'success' && !machine.cancelled, outputs };
  }
}

/** One job's machine: its folders, its log, its masks, and whether it was cancelled. */
class Machine {
  constructor(world, jobId) {
    this.world = world;
    this.record = new Record();
    this.cancelled = false;
    this.counts = {};
    this.masks = new Set();
    this.folder = mkdtempSync(path.join(world.folder ?? tmpdir(), `${jobId}-`));
    this.workspace = path.join(this.folder, 'workspace');
    this.temp = path.join(this.folder, 'temp');
    for (const folder of [this.workspace, this.temp]) mkdirSync(folder);
    const event = path.join(this.folder, 'event.json');
    writeFileSync(event, JSON.stringify(world.event));

    const { repository, sha = world.checkout?.commit ?? '0'.repeat(40), ref = 'refs/heads/main', actor = 'ada' } = world;
    this.github = {
      repository,
      repository_owner: repository.split('/')[0],
      event: world.event,
      event_name: world.eventName,
      event_path: event,
      ref,
      ref_name: ref.replace(/^refs\/(heads|pull)\//, ''),
      sha,
      actor,
      triggering_actor: actor,
      run_id: String(world.runId ?? 1),
      run_number: '1',
      run_attempt: String(world.runAttempt ?? 1),
      workflow: world.workflowName ?? 'workflow',
      job: jobId,
      workspace: this.workspace,
      server_url: world.serverUrl ?? 'https://github.example',
      api_url: world.apiUrl ?? 'http://127.0.0.1:9',
      graphql_url: `${world.apiUrl ?? 'http://127.0.0.1:9'}/graphql`,
      token: world.token ?? '',
    };
    this.runner = { os: 'Linux', arch: 'X64', ...world.runner, temp: this.temp, name: 'harness' };
    const variables = Object.entries(this.github)
      .filter(([key]) => !['token', 'event'].includes(key))
      .map(([key, value]) => [`GITHUB_${key.toUpperCase()}`, value]);
    this.base = {
      PATH: [...(world.tools ?? []), process.env.PATH].join(':'),
      HOME: process.env.HOME,
      LANG: 'C.UTF-8',
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      ...Object.fromEntries(variables),
      RUNNER_OS: this.runner.os,
      RUNNER_ARCH: this.runner.arch,
      RUNNER_TEMP: this.temp,
      ...world.machineEnv,
    };
    if (this.github.token) this.masks.add(this.github.token);
  }

  masked(line) {
    let shown = line;
    for (const secret of this.masks) if (secret) shown = shown.replaceAll(secret, '***');
    return shown;
  }

  /** What the runner does first when somebody cancels the job: the step's shell gets a signal, and nothing else does. */
  cancel() {
    this.cancelled = true;
    this.child?.kill('SIGINT');
  }

  annotate(level, message, properties = {}) {
    this.counts[level] = (this.counts[level] ?? 0) + 1;
    if (this.counts[level] > MOST_ANNOTATIONS) this.record.droppedAnnotations += 1;
    else this.record.annotations.push({ level, ...properties, message: this.masked(message).slice(0, LONGEST_ANNOTATION) });
  }

  /** Runs a script as the runner does; its lines are workflow commands or log. Returns the exit code. */
  spawn(args, { cwd, env }) {
    return new Promise((resolve, reject) => {
      const child = spawn('bash', args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
      let stopped = '';
      const line = (content) => {
        stopped = this.line(content, stopped);
      };
      this.child = child;
      const rests = [child.stdout, child.stderr].map((stream) => {
        let rest = '';
        stream.setEncoding('utf8').on('data', (chunk) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop();
          lines.forEach(line);
        });
        return () => rest && line(rest);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        rests.forEach((flush) => flush());
        resolve(code ?? 128);
      });
    });
  }

  /** One line of output. Returns the token that ends `stop-commands`, empty when commands are on. */
  line(content, stopped) {
    const command = /^\s*::([a-z-]+)(?: (.*?))?::(.*)$/i.exec(content);
    if (stopped) {
      this.record.log.push(this.masked(content));
      return content.trim() === `::${stopped}::` ? '' : stopped;
    }
    const unescape = (value) => value.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
    if (!command) {
      if (content.includes('##[')) this.record.warnings.push(`legacy command: ${content}`);
      this.record.log.push(this.masked(content));
      return '';
    }
    const [, name, rawProperties, message] = command;
    const properties = Object.fromEntries(
      (rawProperties ?? '').split(',').filter((pair) => pair.includes('=')).map((pair) => {
        const [key, value] = [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1)];
        return [key, unescape(value).replaceAll('%3A', ':').replaceAll('%2C', ',')];
      }),
    );
    if (name === 'stop-commands') return message;
    if (name === 'add-mask') this.masks.add(unescape(message));
    else if (['error', 'warning', 'notice'].includes(name)) this.annotate(name, unescape(message), properties);
    else if (!['group', 'endgroup', 'debug'].includes(name)) this.record.warnings.push(`unknown command: ${content}`);
    this.record.log.push(this.masked(content));
    return '';
  }
}

// ---- entries ----

/** Runs the composite action as a job's only step would. */
export async function runAction({ world, inputs = {}, env = {}, secrets = Object.values(env) }) {
  const machine = new Machine(world, 'action');
  await world.prepare?.(machine);
  for (const secret of secrets) machine.masks.add(secret);
  const scope = new Scope(machine, { contexts: { github: machine.github, runner: machine.runner }, env });
  const started = { name: 'g-gremlin', id: 'self', uses: './', with: inputs, env };
  const { ok, outputs } = await scope.composite(started);
  return Object.assign(machine.record, { ok, outputs, machine, steps: machine.record.inner });
}

/**
 * Runs every job of a workflow that its `needs` and `if` let run. Returns the jobs by id.
 *
 * `world.before` has functions by job id, each called with the job's machine once the job may run and before its first step: what
 * happens while an approval is waited for. `kept` are jobs of an earlier attempt, which a re-run of failed jobs does not run again.
 */
export async function runWorkflow({ file, world, inputs = {}, kept = {} }) {
  const workflow = parse(file, parseWorkflow);
  const dispatch = world.eventName === 'workflow_dispatch';
  const dispatched = dispatch ? dispatchInputs(workflow, inputs) : {};
  const jobs = {};
  for (const [id, token] of Object.entries(fields(workflow.jobs))) {
    jobs[id] = kept[id] ?? (await runJob({ id, job: fields(token), workflow, world, inputs: dispatched, jobs }));
  }
  return jobs;
}

/** The inputs of a dispatch with their defaults; one that is unknown or required and absent is refused. */
function dispatchInputs(workflow, given) {
  const declared = fields(fields(fields(workflow.on).workflow_dispatch).inputs);
  for (const name of Object.keys(given)) if (!declared[name]) throw new Error(`there is no input ${name}`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, token]) => {
      const { type, required, default: preset } = fields(token);
      if (given[name] === undefined && required?.toString() === 'true') throw new Error(`the input ${name} is required`);
      const value = given[name] ?? preset?.toString() ?? '';
      return [name, type?.toString() === 'boolean' ? String(value) === 'true' : value];
    }),
  );
}

async function runJob({ id, job, workflow, world, inputs, jobs }) {
  const needed = job.needs ? (isSequence(job.needs) ? items(job.needs) : [job.needs]).map(String) : [];
  const needs = Object.fromEntries(
    needed.map((name) => [name, { result: jobs[name].result, outputs: jobs[name].outputs ?? {} }]),
  );
  const permissions = Object.fromEntries(Object.entries(fields(job.permissions)).map(([scope, level]) => [scope, String(level)]));
  const environment = job.environment && isScalar(job.environment) ? job.environment.toString() : undefined;
  const token = world.tokenFor?.(permissions) ?? `token-${randomUUID()}`;
  const machine = new Machine({ ...world, token, workflowName: workflow.name?.toString() }, id);
  const shared = { github: machine.github, vars: world.vars ?? {}, inputs };
  const concurrency = [workflow, job].map((one) => texts(one.concurrency, shared));
  const result = { permissions, environment, concurrency, started: [] };

  const all = needed.every((name) => jobs[name].result === 'success');
  const status = {
    success: () => new data.BooleanData(all),
    failure: () => new data.BooleanData(needed.some((name) => jobs[name].result === 'failure')),
    always: () => new data.BooleanData(true),
    cancelled: () => new data.BooleanData(needed.some((name) => jobs[name].result === 'cancelled')),
  };
  if (!holds(job.if, { ...shared, needs }, status)) return { ...result, result: 'skipped' };

  const secrets = { ...world.secrets?.repository, ...world.secrets?.[environment] };
  for (const secret of Object.values(secrets)) machine.masks.add(secret);
  const contexts = { ...shared, needs, secrets, runner: machine.runner, job: { status: 'success' }, strategy: {}, matrix: {} };
  const env = { ...texts(workflow.env, contexts), ...texts(job.env, contexts) };
  const scope = new Scope(machine, { contexts, env });
  await world.before?.[id]?.(machine);
  await scope.run(items(job.steps));
  return Object.assign(machine.record, result, {
    result: machine.cancelled ? 'cancelled' : scope.status,
    started: machine.record.started,
    steps: scope.contexts.steps,
    inner: machine.record.inner,
    outputs: texts(job.outputs, scope.contexts),
    machine,
  });
}
