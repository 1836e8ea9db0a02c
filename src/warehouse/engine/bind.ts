/**
 * Characters a literal cannot contain unescaped. NUL is escaped because C code further down may treat it as the end.
 */
const SPECIALS = /['\\\0]/g;

/**
 * A literal, a comment or a placeholder `{name:Type}`. Literals and comments come first so that anything that looks
 * like a placeholder inside them is left alone, as in the engine's own binder.
 */
const TOKENS = /'(?:[^'\\]|\\[\s\S]|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|\{\s*(\w+)\s*:\s*([^{}]+?)\s*\}/g;

/**
 * Returns the statement with every `{name:Type}` replaced by its value as a literal of that type. Values are never
 * scanned again, so they cannot inject SQL. Throws TypeError when a placeholder has no value.
 *
 * The engine has its own bound parameters, but in process they share one state across all connections, so the binding
 * package runs such queries one after another (measured: four readers were as slow as one).
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
