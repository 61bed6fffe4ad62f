/** What an object of the bare Worker stores, and which statements it runs. */
export interface Content {
  /** The statements that create its tables. */
  tables: string[]
  rows: [table: string, values: (string | number | null)[]][]
  /** What else a user's object has run. */
  statements: string[]
}
