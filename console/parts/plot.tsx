// A plot of stacked bars, upright or lying, its legend, and the same numbers as a table.
import {
  Bar,
  BarChart,
  CartesianGrid,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
  type YAxisTickContentProps,
} from 'recharts'
import type { Named } from '../model/counts.ts'
import { compact } from '../words.ts'
import { Table } from './table.tsx'

export interface Series {
  key: Exclude<keyof Named, 'name'>
  name: string
  /** Of the theme's series colours. */
  color: 1 | 2 | 3 | 4 | 5 | 6
}

interface PlotProps {
  label: string
  /** What a row is: an hour, an action, a method. */
  head: string
  rows: readonly Named[]
  series: readonly Series[]
  /** Lying bars, for names that are long. */
  isAcross?: boolean
}

const BAR_PIXELS = 44
/** More lying bars than this are not compared by eye; the table has them all. */
const MOST_BARS = 12
const NAME_CHARACTERS = 18

const shortened = (name: string): string => {
  const all = [...name]
  return all.length > NAME_CHARACTERS ? `${all.slice(0, NAME_CHARACTERS - 1).join('')}…` : name
}

/** The name of a lying bar: as much of it as there is room for, and all of it as its title. */
const NameTick = ({ x, y, payload }: YAxisTickContentProps) => (
  <text x={x} y={y} dy="0.32em" textAnchor="end">
    <title>{payload.value}</title>
    {shortened(String(payload.value))}
  </text>
)

export function Plot({ label, head, rows, series, isAcross = false }: PlotProps) {
  const seen = series.filter(({ key }) => rows.some((row) => row[key] > 0))
  const drawn = isAcross ? rows.slice(0, MOST_BARS) : rows
  if (seen.length === 0) return <p className="soft">Nothing was counted.</p>
  return (
    <div className="stack">
      <div
        className="plot"
        role="img"
        aria-label={`${label}. The same numbers are in the table below.`}
        {...(isAcross && { style: { height: drawn.length * BAR_PIXELS + 40 } })}
      >
        <ResponsiveContainer width="100%" height="100%">
          <BarChart
            data={[...drawn]}
            layout={isAcross ? 'vertical' : 'horizontal'}
            accessibilityLayer={false}
            margin={{ top: 4, right: 12, bottom: 0, left: 0 }}
            barCategoryGap={isAcross ? 10 : '18%'}
          >
            <CartesianGrid stroke="var(--line)" vertical={isAcross} horizontal={!isAcross} />
            {axes(isAcross)}
            <Tooltip
              cursor={{ fill: 'var(--sunken)', fillOpacity: 0.7 }}
              content={({ active, payload, label: name }) =>
                active ? <Tip name={String(name)} row={payload[0]?.payload} series={seen} /> : null
              }
            />
            {seen.map(({ key, name, color }, index) => (
              <Bar
                key={key}
                dataKey={key}
                name={name}
                stackId="all"
                fill={`var(--series-${color})`}
                isAnimationActive={false}
                {...(index === seen.length - 1 && {
                  radius: (isAcross ? [0, 4, 4, 0] : [4, 4, 0, 0]) as [
                    number,
                    number,
                    number,
                    number,
                  ],
                })}
              />
            ))}
          </BarChart>
        </ResponsiveContainer>
      </div>
      {drawn.length < rows.length && (
        <p className="small soft">
          The busiest {drawn.length} of {rows.length} are drawn; the table has all.
        </p>
      )}
      <ul className="legend" aria-label="Colors">
        {series.map(({ key, name, color }) => (
          <li key={key}>
            <span className={`swatch swatch-${color}`} aria-hidden="true" />
            {name}
          </li>
        ))}
      </ul>
      <details className="fold">
        <summary>
          Show as a table<span className="hidden-visually">: {label}</span>
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it is scrolled by keyboard */}
        <section className="scroll" tabIndex={0} aria-label={label}>
          <Table<Named>
            caption={label}
            rows={rows}
            keyOf={(row) => row.name}
            columns={[
              { name: head, isHead: true, cell: (row) => row.name },
              ...series.map(({ key, name }) => ({
                name,
                isNumber: true,
                cell: (row: Named) => row[key].toLocaleString('en'),
              })),
            ]}
          />
        </section>
      </details>
    </div>
  )
}

const line = {
  tickLine: false,
  tick: { fill: 'var(--soft)' },
  axisLine: { stroke: 'var(--line)' },
} as const
const axes = (isAcross: boolean) =>
  isAcross ? (
    <>
      <XAxis {...line} type="number" allowDecimals={false} tickFormatter={compact} />
      <YAxis {...line} type="category" dataKey="name" width={140} interval={0} tick={NameTick} />
    </>
  ) : (
    <>
      <XAxis {...line} dataKey="name" minTickGap={24} />
      <YAxis {...line} type="number" width={40} allowDecimals={false} tickFormatter={compact} />
    </>
  )

interface TipProps {
  name: string
  row: Named | undefined
  series: readonly Series[]
}

const Tip = ({ name, row, series }: TipProps) =>
  row ? (
    <div className="plot-tip">
      <strong>{name}</strong>
      <ul>
        {series.map(({ key, name: what, color }) => (
          <li key={key}>
            <span className={`swatch swatch-${color}`} />
            <span>{what}</span>
            <span>{row[key].toLocaleString('en')}</span>
          </li>
        ))}
      </ul>
    </div>
  ) : null
