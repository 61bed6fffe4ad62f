/** What an object of the bare Worker stores: the statements that create its tables, and its rows. */
export interface Content {
  tables: string[]
  rows: [table: string, values: (string | number | null)[]][]
}
