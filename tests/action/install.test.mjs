// The install step as it is: every case holds.
import { test } from 'node:test';
import { INSTALLS } from './install.mjs';

for (const [name, holds] of Object.entries(INSTALLS)) test(name, () => holds());
