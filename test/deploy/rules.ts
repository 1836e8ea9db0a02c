import assert from 'node:assert/strict';
import { it } from 'node:test';

/** For each rule, by its name, a change of the text that breaks it. */
export type Changes = Record<string, readonly [from: string | RegExp, to: string]>;

/**
 * Tests that a text keeps all rules, and that each rule notices its change. `listBroken` returns the names of the rules that a text breaks.
 */
export function testRules(
  text: string,
  rules: Record<string, unknown>,
  changes: Changes,
  listBroken: (text: string) => readonly string[],
): void {
  for (const [name, [from, to]] of Object.entries(changes)) {
    it(name, () => {
      assert.ok(!listBroken(text).includes(name));
      const changed = text.replace(from, to);
      assert.notEqual(changed, text);
      assert.ok(listBroken(changed).includes(name));
    });
  }

  it('has a test for each rule', () => {
    assert.deepEqual(Object.keys(changes), Object.keys(rules));
  });
}
