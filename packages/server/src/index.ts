/** The service as a library: for benches and tests. */
export { type Clock, wallClock } from './clock.ts';
export { type Config, DEFAULTS, loadConfig } from './config.ts';
export { createLog } from './operations/log.ts';
export { type Running, SOCKET_FILE, startService } from './service.ts';
