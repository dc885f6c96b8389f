import { ProcessRuntime } from '../runtime.ts';
import { optionsFor, planOf } from './plans.ts';

/**
 * A node agent reduced to one act or both, which dies by SIGKILL at a fault point:
 * `agent.ts <data> <start|stop|both> <id> <fault point> <program> [bare]`; `bare` runs the program without any environment.
 */
const [data = '', act, id = '', point, program = '', kind] = process.argv.slice(2);
const at = (reached: string): void => {
  if (reached === point) process.kill(process.pid, 'SIGKILL');
};
const runtime = new ProcessRuntime(optionsFor(data, { faults: { at } }));
const command = [...(kind === 'bare' ? ['env', '-i'] : []), process.execPath, 'main.mjs'];
if (act !== 'stop') await runtime.start(planOf(id, program, { command }));
if (act !== 'start') await runtime.stop(id, { signal: 'SIGTERM', graceMs: 5_000 });
