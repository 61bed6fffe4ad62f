// Terminal functions that all commands share: colors, options, error messages without stack traces, and Ctrl-C.
import { type ParseArgsOptionsConfig, parseArgs, styleText } from 'node:util'
import { callers, isLeftByNpm } from './processes.ts'

/** Colors a text if the terminal shows colors and NO_COLOR is not set. */
export const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  styleText(style, text)

/** Prints the progress in a line that the next one replaces. Prints nothing if the output is not a terminal. */
export function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`)
}

/** An error whose message is for the user of the command. */
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
 * Runs a command and sets its exit code. Prints only the message of a Complaint. Prints any other error, which is
 * a bug, with its stack trace.
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
 * Reads the options of the command line. Every command has `--help`.
 *
 * @param help the text of `--help`, which also follows the message about a wrong option
 * @param allowPositionals true for a command that also takes names without an option
 * @returns the values, with those names in `positionals`, or undefined after `--help`
 * @throws Complaint with exit code 2 for an unknown option, or an option without its value
 */
export function readOptions<T extends ParseArgsOptionsConfig>(
  options: T,
  help: string,
  allowPositionals = false,
) {
  const config = { ...options, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { values, positionals } = parseArgs({ options: config, allowPositionals })
    if (!('help' in values && values.help)) return { ...values, positionals }
    console.log(help)
    return undefined
  } catch (error) {
    const [sentence] = String(error instanceof Error ? error.message : error).split('. ')
    throw new Complaint(`${sentence}.\n\n${help}`, USAGE_EXIT_CODE)
  }
}

/**
 * Reads a whole number from the command line.
 *
 * @param name the name of the option, without its hyphens
 * @throws Complaint with exit code 2 for any other text, or a number outside the limits
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
 * Returns a function that aligns cells in columns: the first to the left, all others to the right.
 *
 * @param widths the widths of the columns, in characters
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
 * Watches for an interruption: Ctrl-C, SIGTERM, a closed terminal, or the end of the npm that runs this command.
 *
 * @returns a signal that aborts at the first interruption; later ones change nothing, so that the command can end its
 *   processes in order
 */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => controller.abort(new Complaint('Interrupted.', 130))
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt)
  if (isLeftByNpm()) interrupt()
  // If npm is killed, it sends no signal to the command that it runs.
  const first = callers().join()
  const look = () => callers().join() !== first && interrupt()
  const watch = setInterval(look, CALLERS_WATCH_MILLISECONDS)
  watch.unref()
  return controller.signal
}
