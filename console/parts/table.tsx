// A table that becomes a list of cards on a narrow screen: every cell then says what it is.
import type { ReactNode } from 'react'

export interface Column<R> {
  name: string
  cell: (row: R) => ReactNode
  /** Numbers stand at the end of their column. */
  isNumber?: boolean
  /** The first of a row: what it is about. */
  isHead?: boolean
  /** Buttons: without a name above them. */
  isTools?: boolean
}

interface TableProps<R> {
  caption: string
  columns: readonly Column<R>[]
  rows: readonly R[]
  keyOf: (row: R) => string
}

export const Table = <R,>({ caption, columns, rows, keyOf }: TableProps<R>) => (
  <table className="table">
    <caption className="hidden-visually">{caption}</caption>
    <thead>
      <tr>
        {columns.map(({ name, isNumber, isTools }) => (
          <th key={name} scope="col" className={isNumber ? 'number' : undefined}>
            <span className={isTools ? 'hidden-visually' : undefined}>{name}</span>
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map((row) => (
        <tr key={keyOf(row)}>
          {columns.map(({ name, cell, isNumber, isHead, isTools }) =>
            isHead ? (
              <th key={name} scope="row">
                {cell(row)}
              </th>
            ) : (
              <td
                key={name}
                data-name={isTools ? undefined : name}
                className={isNumber ? 'number' : isTools ? 'tools' : undefined}
              >
                {cell(row)}
              </td>
            ),
          )}
        </tr>
      ))}
    </tbody>
  </table>
)
