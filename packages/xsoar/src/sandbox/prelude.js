// What XSOAR gives to a script besides the language itself. Runs inside of the sandbox, before the script; `host(kind, json)` is the only
// door out and stays in here.
(function (host, input) {
  const global = this;

  function ask(kind, value) {
    const answer = JSON.parse(host(kind, JSON.stringify(value === undefined ? null : value)));
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.value;
  }

  function define(name, value) {
    Object.defineProperty(global, name, { value: value, writable: true, enumerable: true, configurable: true });
  }

  define('command', input.command);
  define('args', input.args);
  define('params', input.params);
  define('incidents', input.incidents);
  define('invContext', input.context);
  define('entryTypes', input.entryTypes);
  define('formats', input.formats);

  define('http', (url, options, insecure, proxy) =>
    ask('http', { url: String(url), options: options || {}, insecure: !!insecure, proxy: !!proxy }),
  );
  define('executeCommand', (name, args) => ask('executeCommand', { command: String(name), args: args || {} }));
  define('setContext', (key, value) => {
    ask('setContext', { key: String(key), value: value === undefined ? null : value });
  });
  define('dq', (value, path) => {
    const found = ask('dq', { value: value === undefined ? null : value, path: String(path) });
    return found === null ? undefined : found;
  });
  define('wait', (seconds) => {
    ask('wait', Number(seconds));
  });

  define('isDemistoVersionGE', (version) => {
    const wanted = String(version).split('.').map(Number);
    const here = input.platformVersion.split('.').map(Number);
    for (let at = 0; at < here.length; at += 1) {
      if (here[at] !== (wanted[at] || 0)) return here[at] > (wanted[at] || 0);
    }
    return true;
  });

  function logger(level) {
    return (...values) => {
      const texts = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
      ask('log', { level: level, text: texts.join(' ') });
    };
  }
  define('log', logger('info'));
  define('logInfo', logger('info'));
  define('logDebug', logger('debug'));
  define('logError', logger('error'));

  let kept = input.integrationContext;
  define('getIntegrationContext', () => kept);
  define('setIntegrationContext', (value) => {
    kept = value;
    ask('setIntegrationContext', value);
  });

  define('isError', (entry) => !!entry && typeof entry === 'object' && entry.Type === input.entryTypes.error);
  define('isValidRes', (entries) => Array.isArray(entries) && entries.length > 0 && !global.isError(entries[0]));
  define('argToList', (value) => {
    if (value === undefined || value === null || value === '') return [];
    if (typeof value !== 'string') return Array.isArray(value) ? value : [value];
    if (value.charAt(0) === '[' && value.charAt(value.length - 1) === ']') return JSON.parse(value);
    return value.split(',').map((item) => item.trim());
  });
  define('toBoolean', (value) => value === true || /^(true|yes)$/i.test(String(value)));
  define('fixUrl', (url) => String(url).replace(/\/$/, ''));
  define('nvl', (value, otherwise) => value || otherwise || 'Unknown');

  function cell(value) {
    if (value === undefined || value === null) return ' ';
    const text = Array.isArray(value)
      ? value.map(cell).join(',')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
    return text.replace(/\r\n|\r|\n/g, '<br>').replace(/\|/g, '\\|') || ' ';
  }

  // Title, headings and rows of objects (or of plain values under one heading) as a table of Markdown.
  define('tableToMarkdown', (title, rows, headers, cellDelimiter, headerTransform) => {
    const list = rows === undefined || rows === null ? [] : Array.isArray(rows) ? rows : [rows];
    let names = headers === undefined || headers === null ? [] : Array.isArray(headers) ? headers : [headers];
    if (names.length === 0 && list.length > 0 && typeof list[0] === 'object') {
      const seen = {};
      list.forEach((row) => {
        Object.keys(row || {}).forEach((name) => {
          seen[name] = true;
        });
      });
      names = Object.keys(seen).sort();
    }
    if (names.length === 0) return 'No data returned\n';
    const heading = title ? `### ${title}\n` : '';
    if (list.length === 0) return `${heading}No data returned\n`;
    function line(cells) {
      return `| ${cells.join(' | ')} |\n`;
    }
    return (
      heading +
      line(names.map((name) => (headerTransform ? headerTransform(name) : String(name)))) +
      line(names.map(() => '---')) +
      list
        .map((row) => {
          const values = row !== null && typeof row === 'object' ? row : {};
          if (values !== row) values[names[0]] = row;
          return line(
            names.map((name) => {
              const value = values[name];
              if (cellDelimiter && Array.isArray(value)) return value.map(cell).join(cellDelimiter);
              return cell(value);
            }),
          );
        })
        .join('')
    );
  });
  define('tblToMd', global.tableToMarkdown);

  return {
    // What a script returned, as JSON, or undefined where it returned nothing.
    finish: (result) => (result === undefined ? undefined : JSON.stringify(result)),
    // What a script threw, as JSON: an entry as it is, else a sentence.
    explain: (thrown) => {
      if (thrown && typeof thrown === 'object' && !(thrown instanceof Error)) {
        if (thrown.Type === input.entryTypes.error) return JSON.stringify({ entry: thrown });
        return JSON.stringify({ sentence: JSON.stringify(thrown) });
      }
      if (!(thrown instanceof Error)) return JSON.stringify({ sentence: String(thrown) });
      const plain = thrown.name === 'Error' || thrown.name === undefined;
      const line = /:(\d+)/.exec(thrown.stack || '');
      const where = plain || line === null ? '' : ` (line ${line[1]} of the script)`;
      return JSON.stringify({ sentence: (plain ? '' : `${thrown.name}: `) + thrown.message + where });
    },
  };
});
