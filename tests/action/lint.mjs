// Validates the files that are named with GitHub's own language service: schema, expressions, contexts, action inputs.
import { readFileSync } from 'node:fs';
import { validate } from '@actions/languageservice';
import { TextDocument } from 'vscode-languageserver-textdocument';

let found = 0;
for (const name of process.argv.slice(2)) {
  const document = TextDocument.create(`file:///${name}`, 'yaml', 1, readFileSync(name, 'utf8'));
  for (const { message, range } of await validate(document, {})) {
    found += 1;
    console.error(`${name}:${range.start.line + 1}:${range.start.character + 1}: ${message}`);
  }
}
console.log(`language service: ${process.argv.length - 2} files, ${found} findings`);
process.exitCode = found === 0 ? 0 : 1;
