import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** What is used of WebAssembly: Node has it, its types do not. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
}

/** QuickJS as compiled code, which threads can share. */
export type Interpreter = WebAssembly.Module;

let compiled: Interpreter | undefined;

/**
 * QuickJS, compiled once in a process and kept: a thread that is ended with a step takes no compiled code with it, and the next one need not compile it
 * again. (Node 24 can end the whole process, with `jit_page.has_value()`, where threads come and go that each compile WebAssembly.)
 */
export function interpreter(): Interpreter {
  const { resolve } = createRequire(import.meta.url);
  compiled ??= new WebAssembly.Module(readFileSync(resolve('@jitl/quickjs-wasmfile-release-sync/wasm')));
  return compiled;
}
