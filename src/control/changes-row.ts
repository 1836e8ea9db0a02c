/** Whether setting `columns` changes a row. A write that changes nothing must not count as a change. */
export function changesRow<T extends object>(row: T, columns: Partial<T>): boolean {
  return Object.entries(columns).some(([name, value]) => row[name as keyof T] !== value);
}
