// The project's fake Zendesk, run as a program of its own.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Starts it with the records of a folder. `lines` are its log: `SEQ STATUS METHOD PATH`, and what writes changed. */
export async function startZendesk(program, folder) {
  const child = spawn(program, [folder, '--log'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = [];
  const origin = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      const url = /^(http:\/\/\S+) holds/.exec(line);
      if (url) resolve(url[1]);
    });
    child.on('exit', () => reject(new Error(`${path.basename(program)} ended`)));
  });
  return {
    origin,
    lines,
    writes: () => lines.filter((line) => /^\d+ \d+ (PUT|POST) \/api\//.test(line)),
    stop: () => new Promise((resolve) => child.removeAllListeners('exit').on('exit', resolve).kill('SIGINT')),
  };
}
