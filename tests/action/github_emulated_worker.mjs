// emulate's GitHub in a thread: a port that is taken ends the thread and not the tests, and the thread ends with the process.

import { parentPort, workerData } from 'node:worker_threads';
import { createEmulator } from 'emulate';

const { generatedSecrets } = await createEmulator({ service: 'github', ...workerData });
parentPort.postMessage(generatedSecrets.map(({ value }) => value));
