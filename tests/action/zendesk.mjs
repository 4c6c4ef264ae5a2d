// The project's fake Zendesk, run as a program of its own, behind a proxy that can hold a request for a moment.

import { spawn } from 'node:child_process';
import { createServer, request as ask } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Starts it with the records of a folder.
 *
 * `requests` are those that came, `{method, path, at, millis}`; `before` is awaited before one is passed on.
 */
export async function startZendesk(program, folder) {
  const child = spawn(program, [folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const inner = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = /^(http:\/\/\S+) holds/.exec(line);
      if (url) resolve(new URL(url[1]));
    });
    child.on('exit', () => reject(new Error(`${path.basename(program)} ended`)));
  });

  const zendesk = { requests: [], before: async () => {} };
  const proxy = createServer(async (incoming, outgoing) => {
    const at = performance.now();
    const { method, url, headers } = incoming;
    const seen = { method, path: new URL(url, inner).pathname, at, millis: 0 };
    zendesk.requests.push(seen);
    const body = [];
    for await (const chunk of incoming) body.push(chunk);
    await zendesk.before(seen);
    const passed = ask({ host: inner.hostname, port: inner.port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    outgoing.on('finish', () => (seen.millis = performance.now() - at));
    passed.end(Buffer.concat(body));
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));

  return Object.assign(zendesk, {
    origin: `http://127.0.0.1:${proxy.address().port}`,
    writes: () => zendesk.requests.filter(({ method, path: asked }) => method !== 'GET' && asked !== '/oauth/tokens'),
    async stop() {
      proxy.closeAllConnections();
      proxy.close();
      if (child.exitCode !== null) return;
      await new Promise((resolve) => child.removeAllListeners('exit').on('exit', resolve).kill('SIGINT'));
    },
  });
}
