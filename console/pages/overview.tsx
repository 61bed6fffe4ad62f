// Counts of an environment over the last day or month, as plots with a table beside each.
import { STATS_RANGES, type StatsResult } from 'countersign/contract'
import { useState } from 'react'
import { Link } from 'wouter'
import { Card } from '../../ui/card.tsx'
import { Answer, Empty } from '../../ui/notice.tsx'
import { useKnown, useStats } from '../data.ts'
import { by, byTime, type Named, totalOf } from '../model/counts.ts'
import type { Known } from '../model/events.ts'
import { Page } from '../parts/page.tsx'
import { Plot, type Series } from '../parts/plot.tsx'
import { compact, METHOD_NAMES } from '../words.ts'

type Range = (typeof STATS_RANGES)[number]
const RANGES: Record<Range, string> = { day: 'Last 24 hours', month: 'Last 31 days' }

const CHECKS: readonly Series[] = [
  { key: 'free', name: 'Let through', color: 6 },
  { key: 'asked', name: 'Asked', color: 1 },
  { key: 'observed', name: 'Would have asked', color: 4 },
  { key: 'denied', name: 'Denied', color: 3 },
]
const STEP_UPS: readonly Series[] = [
  { key: 'passed', name: 'Passed', color: 2 },
  { key: 'failed', name: 'Failed', color: 3 },
]

export function Overview({ environment }: { environment: string }) {
  const [range, setRange] = useState<Range>('day')
  const query = useStats({ environment, range })
  return (
    <Page
      title="Overview"
      of={environment}
      lead="How often rules were checked and what they decided. These are estimates: counts are gathered in memory and written from time to time, so a few may be missing."
      beside={
        <fieldset className="segments">
          <legend className="hidden-visually">Over</legend>
          {STATS_RANGES.map((value) => (
            <label key={value} className="segment">
              <input
                type="radio"
                name="range"
                className="hidden-visually"
                checked={range === value}
                onChange={() => setRange(value)}
              />
              {RANGES[value]}
            </label>
          ))}
        </fieldset>
      }
    >
      <Answer query={query} what="the counts" lines={8}>
        {(stats) =>
          stats.rows.length === 0 ? (
            <Empty icon="overview" title="No activity in this period">
              <p>
                Once your application checks an action, this page shows how often it was asked for a
                step-up and how those ended.
              </p>
              <Link href={`/e/${environment}/guide`} className="button">
                Open the guide
              </Link>
            </Empty>
          ) : (
            <Plots environment={environment} stats={stats} span={RANGES[range].toLowerCase()} />
          )
        }
      </Answer>
    </Page>
  )
}

/** The title of an action; with its name, where another one has the same title. */
function uniqueTitle(name: string, known: Known['actions']): string {
  const title = known.find(({ action }) => action === name)?.title ?? name
  const isShared = known.filter((other) => other.title === title).length > 1
  return isShared ? `${title} (${name})` : title
}

const TILES = [
  ['check', 'Checks', 0],
  ['asked', 'Step-ups asked', 1],
  ['passed', 'Passed', 2],
  ['failed', 'Failed', 3],
  ['denied', 'Denied', 3],
  ['observed', 'Would have asked', 4],
] as const

interface PlotsProps {
  environment: string
  stats: StatsResult
  span: string
}

function Plots({ environment, stats, span }: PlotsProps) {
  const { actions: known } = useKnown(environment)
  const total = totalOf(stats)
  const time = byTime(stats)
  const actions = by('action', stats, 'no scope').map((one) => ({
    ...one,
    name: uniqueTitle(one.name, known),
  }))
  const methods = by('method', stats, '').map((one) => ({
    ...one,
    name: METHOD_NAMES[one.name as keyof typeof METHOD_NAMES] ?? one.name,
  }))
  const has = (rows: readonly Named[], keys: readonly (keyof Named)[]) =>
    rows.filter((row) => keys.some((key) => Number(row[key]) > 0))
  return (
    <div className="stack">
      <dl className="tiles" aria-label={`In all, ${span}`}>
        {TILES.map(([key, name, color]) => (
          <div key={key} className="tile">
            <dt>
              <span className={`swatch swatch-${color}`} aria-hidden="true" />
              {name}
            </dt>
            <dd title={total[key].toLocaleString('en')}>{compact(total[key])}</dd>
          </div>
        ))}
      </dl>
      <Card
        title="Rule decisions"
        lead={`Checks over the ${span}, by decision. “Would have asked” counts rules that only monitor. A user who is asked may be checked several times.`}
      >
        <Plot label="Checks by decision, over time" head="From" rows={time} series={CHECKS} />
      </Card>
      <Card title="Step-up outcomes" lead={`Over the ${span}.`}>
        <Plot label="Step-ups by outcome, over time" head="From" rows={time} series={STEP_UPS} />
      </Card>
      <div className="halves">
        <Card title="By action" lead="Checks by decision.">
          <Plot
            label="Checks by action"
            head="Action"
            isAcross
            rows={has(actions, ['check'])}
            series={CHECKS}
          />
        </Card>
        <Card title="By method" lead="Step-ups by outcome.">
          <Plot
            label="Step-ups by method"
            head="Method"
            isAcross
            rows={has(methods, ['passed', 'failed'])}
            series={STEP_UPS}
          />
        </Card>
      </div>
      <Card title="Step-ups by action" lead="Which actions users step up for, and how it ends.">
        <Plot
          label="Step-ups by action"
          head="Action"
          isAcross
          rows={has(actions, ['passed', 'failed'])}
          series={STEP_UPS}
        />
      </Card>
    </div>
  )
}
