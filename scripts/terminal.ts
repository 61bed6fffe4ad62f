// What the commands have in common at the terminal: colours, options, sentences instead of stack
// traces, and Ctrl-C. Each command has a file of its own.
import { type ParseArgsOptionsConfig, parseArgs, styleText } from 'node:util'
import { callers, isLeftByNpm } from './processes.ts'

/** Colours a text where the terminal shows colours and NO_COLOR does not forbid them. */
export const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  styleText(style, text)

/** Says how far it is, in a line that the next one replaces; only where somebody looks. */
export function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`)
}

/** A failure whose message is written for the person at the terminal. */
export class Complaint extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

export const USAGE_EXIT_CODE = 2
const CALLERS_WATCH_MILLISECONDS = 1_000

/**
 * Runs a command to its exit code. A complaint is said as a sentence; any other error is a bug and
 * keeps its stack trace.
 *
 * @example await runCommand(main)
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.exitCode = error instanceof Complaint ? error.exitCode : 1
    console.error(error instanceof Complaint ? paint('red', error.message) : error)
  }
}

/**
 * The options of the command line; `--help` is known to every command.
 *
 * @param help what `--help` prints, and what a wrong option points to
 * @returns the values, or undefined after `--help`
 * @throws Complaint with exit code 2 for an option that is not known or lacks its value
 */
export function readOptions<T extends ParseArgsOptionsConfig>(options: T, help: string) {
  const config = { ...options, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { values } = parseArgs({ options: config, allowPositionals: false })
    if (!('help' in values && values.help)) return values
    console.log(help)
    return undefined
  } catch (error) {
    const [sentence] = String(error instanceof Error ? error.message : error).split('. ')
    throw new Complaint(`${sentence}.\n\n${help}`, USAGE_EXIT_CODE)
  }
}

/**
 * A whole number of the command line.
 *
 * @param name the option's, without its hyphens
 * @throws Complaint with exit code 2 for anything else, or beyond the bounds
 * @example const kills = readCount('kills', options.kills, { most: 1000 })
 */
export function readCount(
  name: string,
  text: string,
  { least = 1, most }: { least?: number; most: number },
): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= least && count <= most) return count
  throw new Complaint(
    `--${name} must be a number from ${least} to ${most}, not ${text}.`,
    USAGE_EXIT_CODE,
  )
}

/**
 * Cells in columns: the first to the left, all others to the right.
 *
 * @param widths of the columns, in characters
 * @example const row = inColumns([20, 8]); console.log(row(['file', 'caught']))
 */
export const inColumns =
  (widths: readonly number[]) =>
  (cells: readonly string[]): string =>
    cells
      .map((cell, index) =>
        index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0),
      )
      .join('')

/**
 * Ctrl-C, a polite kill, a terminal that closes, and the end of the npm that runs this.
 *
 * @returns a signal that aborts on the first of them; later ones change nothing, so that whatever is
 *   being ended is ended in order
 */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => controller.abort(new Complaint('Interrupted.', 130))
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt)
  if (isLeftByNpm()) interrupt()
  // An npm that is killed sends no signal to the command that it runs.
  const first = callers().join()
  const look = () => callers().join() !== first && interrupt()
  const watch = setInterval(look, CALLERS_WATCH_MILLISECONDS)
  watch.unref()
  return controller.signal
}
