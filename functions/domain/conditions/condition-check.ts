// Checks the conditions and schemas of a settings document when it is saved, and reports where a mistake
// is. A condition that passes can still fail for one call; then it counts as matched.
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
 * Checks the conditions and the schemas of all actions. Where there is no condition, nothing is loaded.
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
      `\`${action}\` has no details of the application, so it takes no \`detailsSchema\`.`,
    )
  if (base?.details === 'none')
    invalid(
      { action },
      `\`${action}\`: \`detailsSchema\` describes nothing, because \`details\` is "none".`,
    )
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
      invalid(
        place,
        `${named}: it guards the users' factors and has no details of the application.`,
      )
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
