import {
  type CreateTableNode,
  type DataTypeNode,
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryId,
  RawNode,
} from 'kysely';

/**
 * How the column types of the migrations, which are SQLite's, are written in PostgreSQL. Text is ordered by its bytes in
 * both, whatever the locale of the database; `date` columns contain RFC 3339 text; whole numbers may exceed 32 bits.
 */
const TYPES: Readonly<Record<string, string>> = {
  text: 'text collate "C"',
  date: 'text collate "C"',
  integer: 'bigint',
};

class ColumnTypes extends OperationNodeTransformer {
  protected override transformDataType(node: DataTypeNode): DataTypeNode {
    const type = TYPES[node.dataType];
    // The compiler accepts any expression here: the builder allows sql`…` as a type.
    return type === undefined ? node : (RawNode.createWithSql(type) as unknown as DataTypeNode);
  }

  protected override transformCreateTable(node: CreateTableNode, queryId?: QueryId): CreateTableNode {
    // Such as `without rowid`, which only SQLite knows.
    const { endModifiers: _, ...portable } = super.transformCreateTable(node, queryId);
    return portable;
  }
}

/** Returns a plugin that makes the migrations create PostgreSQL's tables. */
export function createColumnTypes(): KyselyPlugin {
  const types = new ColumnTypes();
  return {
    transformQuery: ({ node, queryId }: PluginTransformQueryArgs) => types.transformNode(node, queryId),
    transformResult: async ({ result }: PluginTransformResultArgs) => result,
  };
}
