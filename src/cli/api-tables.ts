import type { TSchema } from 'typebox';
import { COMPONENT, DOCUMENTED_AS } from '../lib/schema.ts';

type Described = {
  type?: string;
  enum?: string[];
  const?: unknown;
  format?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  anyOf?: Described[];
  items?: Described;
  properties?: Record<string, Described>;
  required?: string[];
  [COMPONENT]?: string;
  [DOCUMENTED_AS]?: Described;
};

/** Renders the members of objects as Markdown tables, and remembers which named objects they refer to. */
export type MemberTables = {
  /** Returns the table of an object's members; empty if it has none. */
  render: (title: string, schema: TSchema | undefined) => string;
  /** Returns a section for each named object that a table refers to. */
  renderObjects: () => string;
};

/** Returns tables that link to the sections of `renderObjects`. */
export function createMemberTables(): MemberTables {
  const objects = new Map<string, Described>();

  function describeType(schema: Described): string {
    const { [DOCUMENTED_AS]: documented, [COMPONENT]: name, anyOf, items } = schema;
    if (documented) return describeType(documented);
    if (name !== undefined) {
      objects.set(name, schema);
      return `[${name}](#${name.toLowerCase()})`;
    }
    if (anyOf) return anyOf.map(describeType).join(' or ');
    if (items) return `list of ${describeType(items)}`;
    return describePlain(schema);
  }

  function renderMembers(title: string, { properties = {}, required = [] }: Described): string {
    const rows = Object.entries(properties).map(([name, property]) => {
      const need = required.includes(name) ? 'required' : '';
      return `| \`${name}\` | ${describeType(property)} | ${need} | ${describe(property)} |`;
    });
    if (rows.length === 0) return '';
    return `\n| ${title} | type | | description |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  }

  return {
    render: (title, schema) => (schema ? renderMembers(title, schema as Described) : ''),
    renderObjects() {
      const sections: string[] = [];
      // A map yields what is added while it is read: objects inside objects.
      for (const [name, schema] of objects) {
        const text = schema.description === undefined ? '' : `\n${schema.description}\n`;
        sections.push(`### ${name}\n${text}${renderMembers('member', schema)}`);
      }
      return sections.join('\n');
    },
  };
}

function describePlain(schema: Described): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  return `${schema.format ?? schema.type ?? 'any'}${rangeOf(schema)}`;
}

const rangeOf = ({ minimum, maximum }: Described) =>
  minimum === undefined || maximum === undefined ? '' : ` ${minimum}–${maximum}`;

/** Returns what is known about a value; of one that may be null, what is known about the value. Objects say more there. */
const describe = ({ description, anyOf = [], ...schema }: Described): string => {
  const { [DOCUMENTED_AS]: documented } = schema;
  if (documented) return describe(documented);
  if (schema[COMPONENT] !== undefined) return '';
  return description ?? anyOf.map((one) => describe(one)).find((text) => text !== '') ?? '';
};
