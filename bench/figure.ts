// Draws a table as an SVG: a bar for each median, a line for its spread, and a mark for its goal. In the documentation
// it takes the colors of the page; by itself it follows the system's light or dark mode.
import type { Machine } from './machine.ts'
import type { Size } from './measure.ts'
import type { Goal } from './stats.ts'
import type { Report } from './table.ts'
import { busyText, goalText, machineText, valueText } from './texts.ts'

const WIDTH = 720
const PADDING = 16
const INNER = WIDTH - 2 * PADDING
const TITLE_HEIGHT = 40
const ROW_HEIGHT = 44
const NOTE_HEIGHT = 16
const FOOT_HEIGHT = 56

const STYLE = `
.bench { --text: #213547; --quiet: #5c6470; --back: #ffffff; --track: #e6e8eb; --bar: #3a5ccc; --other: #8a94a6 }
@media (prefers-color-scheme: dark) {
  .bench { --text: #dfdfd6; --quiet: #9ea1a8; --back: #1b1b1f; --track: #32363f; --bar: #6f8df2; --other: #6a7180 } }
.bench rect.back { fill: var(--vp-c-bg, var(--back)) }
.bench text { fill: var(--vp-c-text-1, var(--text)); font: 13px system-ui, sans-serif }
.bench text.title { font-size: 16px; font-weight: 600 }
.bench text.quiet { fill: var(--vp-c-text-2, var(--quiet)); font-size: 11px }
.bench .track { fill: var(--vp-c-default-soft, var(--track)) }
.bench .bar { fill: var(--bar) }
.bench .other { fill: var(--other) }
.bench .spread, .bench .goal { stroke: var(--vp-c-text-1, var(--text)) }
.bench .goal { stroke-width: 2 }`

/** Draws the figure of a table. */
export function drawFigure(report: Report, machine: Machine, size: Size): string {
  const { title, values, busy } = report
  let top = TITLE_HEIGHT
  const rows = values.map((value) => {
    const most = Math.max(
      ...values
        .filter(({ unit }) => unit === value.unit)
        .flatMap(({ of, goal }) => [of.most, goal ? numberOf(goal) : 0]),
    )
    const row = drawRow(value, top, INNER / most)
    top += ROW_HEIGHT + (value.note ? NOTE_HEIGHT : 0)
    return row
  })
  const height = top + FOOT_HEIGHT
  const foot = [
    ...machineText(machine, size).split('\n'),
    ...(busy === undefined ? [] : [busyText(busy)]),
  ].map((line, index) => text(PADDING, top + 12 + index * 15, line, 'quiet'))
  return `<svg xmlns="http://www.w3.org/2000/svg" class="bench" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}
</style>
<rect class="back" width="${WIDTH}" height="${height}" rx="8"/>
${text(PADDING, 26, title, 'title')}
${rows.join('\n')}
${foot.join('\n')}
</svg>
`
}

function drawRow(value: Report['values'][number], top: number, scale: number): string {
  const { title, of, goal, verdict, note } = value
  const at = (number: number) => (PADDING + Math.max(0, number) * scale).toFixed(1)
  const said = [valueText(value), goal && `goal ${goalText(goal)}`, verdict].filter(Boolean)
  const middle = top + 25
  return [
    text(PADDING, top + 12, title),
    `<text class="quiet" x="${WIDTH - PADDING}" y="${top + 12}" text-anchor="end">${escaped(said.join(', '))}</text>`,
    `<rect class="track" x="${PADDING}" y="${top + 19}" width="${INNER}" height="12" rx="2"/>`,
    `<rect class="${goal ? 'bar' : 'other'}" x="${PADDING}" y="${top + 19}" width="${(Math.max(0, of.median) * scale).toFixed(1)}" height="12" rx="2"/>`,
    `<line class="spread" x1="${at(of.least)}" x2="${at(of.most)}" y1="${middle}" y2="${middle}"/>`,
    ...(goal
      ? [
          `<line class="goal" x1="${at(numberOf(goal))}" x2="${at(numberOf(goal))}" y1="${top + 16}" y2="${top + 34}"/>`,
        ]
      : []),
    ...(note ? [text(PADDING, top + 46, note, 'quiet')] : []),
  ].join('\n')
}

const numberOf = (goal: Goal): number => ('atLeast' in goal ? goal.atLeast : goal.atMost)

const text = (x: number, y: number, content: string, kind = ''): string =>
  `<text${kind && ` class="${kind}"`} x="${x}" y="${y}">${escaped(content)}</text>`

const ESCAPED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (content: string): string =>
  content.replaceAll(/[&<>"]/g, (character) => ESCAPED[character] ?? '')
