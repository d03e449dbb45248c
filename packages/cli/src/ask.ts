import { CliError, type Io } from './io.ts';

const ENTER = new Set(['\r', '\n', '\u0004']);
const LONGEST = 10_000;

/**
 * A new password: from stdin up to the line end with `fromStdin`, else typed twice without being shown.
 * @throws CliError where nobody can type, the two differ, or it is empty.
 */
export async function newPassword(io: Io, who: string, fromStdin: boolean): Promise<string> {
  if (fromStdin) {
    const password = await readLine(io);
    if (password === '') throw new CliError('No password came on stdin.');
    return password;
  }
  if (!io.in.isTTY) {
    throw new CliError('A password can only be asked for on a terminal. Elsewhere send it on stdin, with --password-stdin.');
  }
  const first = await hidden(io, `Password for ${who} (at least 12 characters): `);
  const second = await hidden(io, 'The same again: ');
  if (first !== second) throw new CliError('The two are not the same. Nothing was changed.');
  return first;
}

async function readLine(io: Io): Promise<string> {
  let text = '';
  for await (const chunk of io.in) {
    text += String(chunk);
    if (text.includes('\n') || text.length > LONGEST) break;
  }
  return text.split('\n', 1)[0]!.replace(/\r$/, '');
}

/** Reads keys one by one, so that the terminal shows none. */
function hidden(io: Io, question: string): Promise<string> {
  const input = io.in as NodeJS.ReadStream;
  // Before the question, so that what is typed at once is not shown either.
  input.setRawMode(true);
  io.err.write(question);
  input.resume();
  input.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    let typed = '';
    const end = (act: () => void) => {
      input.off('data', onData);
      input.setRawMode(false);
      input.pause();
      io.err.write('\n');
      act();
    };
    const onData = (chunk: string) => {
      for (const key of chunk) {
        if (ENTER.has(key)) return end(() => resolve(typed));
        if (key === '\u0003') return end(() => reject(new CliError('Cancelled. Nothing was changed.')));
        if (key === '\u007f' || key === '\b') typed = [...typed].slice(0, -1).join('');
        else if (key >= ' ') typed += key;
      }
    };
    input.on('data', onData);
  });
}
