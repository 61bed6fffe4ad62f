// Checks the conditions and details schemas of a settings document when it is saved, and reports the position
// of a mistake. A valid condition can still fail for one call. Then it counts as matched.
import {
  type ActionEntry,
  isCredentialAction,
  readsDetails,
  type SettingsPlace,
} from '../../../contract/index.ts'
import { schemaFault } from '../details/details-schema.ts'
import { refuse } from '../refusal.ts'
import { type Conditions, loadConditions } from './condition.ts'

/**
 * Checks the conditions and details schemas of all actions. Loads the library only if there is a condition.
 *
 * @throws Refused `input_invalid`, like "`order.refund`, condition 2, at 9: details.amout is not known."
 */
export async function checkConditions(entries: readonly ActionEntry[]): Promise<void> {
  for (const entry of entries) checkSchema(entry)
  const conditional = entries.filter(({ stricter = [] }) => stricter.length > 0)
  if (conditional.length === 0) return
  const conditions = await loadConditions()
  for (const entry of conditional) checkEntry(entry, conditions)
}

function checkSchema({ action, detailsSchema, base }: ActionEntry): void {
  if (!detailsSchema) return
  if (isCredentialAction(action))
    invalid(
      { action },
      `\`${action}\` changes factors and has no details: remove its \`detailsSchema\`.`,
    )
  if (base?.details === 'none')
    invalid({ action }, `\`${action}\`: \`details\` is "none", so remove \`detailsSchema\`.`)
  const fault = schemaFault(detailsSchema)
  if (fault !== undefined) invalid({ action }, `\`${action}\`, detailsSchema, ${fault}.`)
}

function checkEntry(
  { action, stricter = [], detailsSchema }: ActionEntry,
  conditions: Conditions,
): void {
  for (const [index, { when, details }] of stricter.entries()) {
    const place = { action, entry: index }
    const named = `\`${action}\`, condition ${index + 1}`
    if (isCredentialAction(action) && (readsDetails(when) || details === 'required')) {
      invalid(place, `${named}: this action changes factors and has no details to read or require.`)
    }
    const mistake = conditions.check(when, detailsSchema)
    if (mistake) {
      const { at, what } = mistake
      invalid({ ...place, at }, `${named}, at ${at}: ${what}.`)
    }
  }
}

function invalid(place: SettingsPlace, message: string): never {
  refuse('input_invalid', { message, place })
}
