import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Io } from '../io.ts';

const MOST_LINES = 1_000;
const LONGEST_LINE = 4_000;
/** Lines that could hold a secret are not kept. */
const SECRET = /(pass(word|phrase)?|secret|token|api_?key|credential)\S*\s*=|vrd_\w/i;

/** Lines typed before, the newest first, kept in the user's state folder for nobody else to read. */
export interface History {
  readonly lines: readonly string[];
  /** Keeps what was typed. A folder that cannot be written to keeps nothing. */
  save(lines: readonly string[]): void;
}

export function openHistory(io: Io): History {
  const state = io.env.XDG_STATE_HOME || join(io.env.HOME || homedir(), '.local', 'state');
  const file = join(state, 'verdict', 'warroom_history');
  return {
    lines: read(file),
    save(lines) {
      const kept = lines.filter((line) => line.length <= LONGEST_LINE && !SECRET.test(line)).slice(0, MOST_LINES);
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(file, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
        chmodSync(file, 0o600);
      } catch {
        // Nothing depends on it.
      }
    },
  };
}

function read(file: string): string[] {
  try {
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .slice(0, MOST_LINES);
  } catch {
    return [];
  }
}
