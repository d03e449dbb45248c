/**
 * The tables of other tools' figures in the data's README: title → tool → size → figure. A title is as printed, for instance
 * `guide, random split: macro-F1`.
 */
export type PeerTables = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>;

/** Reads the tables under bold titles such as `**guide, random split: macro-F1 by number of labels**`. */
export function readPeers(readme: string): PeerTables {
  const tables = new Map<string, Map<string, Map<string, number>>>();
  let table: Map<string, Map<string, number>> | undefined;
  let sizes: string[] | undefined;
  for (const line of readme.split('\n')) {
    const title = /^\*\*(.+?) by number of labels\*\*$/.exec(line)?.[1];
    if (title) {
      table = new Map();
      sizes = undefined;
      tables.set(title, table);
    } else if (line.startsWith('|') && table) {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('*', '').trim());
      if (cells[0] === 'model') sizes = cells.slice(1);
      else if (sizes && !/^-+$/.test(cells[0]!))
        table.set(cells[0]!, new Map(sizes.map((size, i) => [size, Number(cells[i + 1])])));
    } else if (line.trim() !== '') table = undefined;
  }
  return tables;
}

/** The best tool of a table at a size, if the table is there. */
export function bestPeer(
  tables: PeerTables,
  title: string,
  size: number,
  highest: boolean,
): { name: string; value: number } | undefined {
  let best: { name: string; value: number } | undefined;
  for (const [name, figures] of tables.get(title) ?? []) {
    const value = figures.get(String(size));
    if (value === undefined || Number.isNaN(value)) continue;
    if (!best || (highest ? value > best.value : value < best.value)) best = { name, value };
  }
  return best;
}
