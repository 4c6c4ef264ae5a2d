// The action and the workflows as they are: every case holds.
import { test } from 'node:test';
import { SCENARIOS, play } from './scenarios.mjs';

for (const name of Object.keys(SCENARIOS)) test(name, () => play(name));
