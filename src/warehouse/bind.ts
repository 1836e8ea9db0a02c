/** Text that a literal cannot hold as it is. NUL is escaped because C code below may end a text there. */
const SPECIALS = /['\\\0]/g;

/**
 * A literal, a comment or a placeholder `{name:Type}`. Literals and comments come first so that what looks
 * like a placeholder inside them is left alone, as the engine's own binder does.
 */
const TOKENS = /'(?:[^'\\]|\\[\s\S]|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g;

/**
 * Returns the statement with every `{name:Type}` replaced by its value as a literal of that type. Values are
 * never scanned again, so they cannot inject. Throws TypeError when a placeholder has no value.
 *
 * The engine has bound parameters of its own; in process they share one state for all connections, so the
 * binding package runs such queries one after another (measured: four readers as slow as one).
 */
export function bind(sql: string, params: Record<string, unknown> = {}): string {
  return sql.replace(TOKENS, (token, name: string | undefined, type: string | undefined) =>
    name === undefined || type === undefined ? token : literal(params, name, type),
  );
}

function literal(params: Record<string, unknown>, name: string, type: string): string {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (value === undefined) throw new TypeError(`Query parameter ${name} has no value`);
  if (type === 'String' && typeof value === 'string') return quote(value);
  return `CAST(${render(value, name)} AS ${type})`;
}

function render(value: unknown, name: string): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return `[${value.map((item) => render(item, name)).join(',')}]`;
  if (value instanceof Date) return quote(value.toISOString().slice(0, -1).replace('T', ' '));
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) {
    return quote(String(value));
  }
  throw new TypeError(`Query parameter ${name} has a value that is not text, number, date or list`);
}

function quote(text: string): string {
  return `'${text.toWellFormed().replace(SPECIALS, (found) => (found === '\0' ? '\\0' : `\\${found}`))}'`;
}
