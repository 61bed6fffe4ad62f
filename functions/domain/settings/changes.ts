// Compares two settings documents. A change is weaker if it makes an action easier to do or harder to notice, or
// trusts another party. The dashboard shows such changes before they are saved. An automation key cannot make them.
import {
  ACRS,
  type ActionEntry,
  DETAILS_RULES,
  isBuiltIn,
  MFA_TOKEN_MODES,
  REQUIRES,
  type Rule,
  readsDetails,
  SENDER_CONSTRAINTS,
  type SettingChange,
} from '../../../contract/index.ts'
import { BUILT_IN_ENTRIES } from '../policy/policy.ts'
import { canonical } from '../tokens/statement.ts'
import type { Settings } from './settings.ts'

/** Returns whether a change from one value to another weakens. */
type Weakens<T> = (before: T, after: T) => boolean

const never: Weakens<unknown> = () => false
/** For settings that name a trusted party: any change may trust another one. */
const always: Weakens<unknown> = () => true
const more: Weakens<number> = (before, after) => after > before
const less: Weakens<number> = (before, after) => after < before
const switchedOn: Weakens<boolean | undefined> = (before, after) => !before && after === true
const switchedOff: Weakens<boolean> = (before, after) => before && !after
const longerList: Weakens<readonly string[] | undefined> = (before = [], after = []) =>
  after.some((value) => !before.includes(value))
/** Returns whether a rule is missing afterwards, or has changed. */
const fewerRules: Weakens<readonly unknown[] | undefined> = (before = [], after = []) =>
  before.some((rule) => !after.some((other) => canonical(other) === canonical(rule)))
/** Returns whether a value moves down in an order from the weakest to the strongest. */
const lower =
  <T>(order: readonly T[]): Weakens<T> =>
  (before, after) =>
    order.indexOf(after) < order.indexOf(before)
const higher =
  <T>(order: readonly T[]): Weakens<T> =>
  (before, after) =>
    order.indexOf(after) > order.indexOf(before)

/** A setting: its path, how to read it, and whether a change of it weakens. */
interface Setting {
  path: string
  weaker: (before: Settings, after: Settings) => boolean
  read: (settings: Settings) => unknown
}

const setting = <T>(
  path: string,
  read: (settings: Settings) => T,
  weakens: Weakens<T>,
): Setting => ({
  path,
  read,
  weaker: (before, after) => weakens(read(before), read(after)),
})

const SETTINGS: Setting[] = [
  setting('name', ({ name }) => name, never),
  setting('session.issuer', ({ session }) => session.issuer, always),
  setting('session.keys', ({ session }) => session.keys, always),
  setting('session.algorithms', ({ session }) => session.algorithms, longerList),
  // A list can be missing only if any audience is accepted.
  setting('session.audiences', ({ session }) => session.audiences, longerList),
  setting('session.acceptAnyAudience', ({ session }) => session.acceptAnyAudience, switchedOn),
  setting('session.audienceClaim', ({ session }) => session.audienceClaim, always),
  setting('session.requiredClaims', ({ session }) => session.requiredClaims, fewerRules),
  setting('session.subjectClaim', ({ session }) => session.subjectClaim, always),
  setting('session.sessionIdClaim', ({ session }) => session.sessionIdClaim, always),
  setting('session.authTimeClaim', ({ session }) => session.authTimeClaim, always),
  setting('session.authTime', ({ session }) => session.authTime, always),
  setting('session.nameClaim', ({ session }) => session.nameClaim, never),
  setting('rpId', ({ rpId }) => rpId, always),
  setting('rpName', ({ rpName }) => rpName, never),
  setting('origins', ({ origins }) => origins, longerList),
  // The first audience is the default of every action.
  setting(
    'audiences',
    ({ audiences }) => audiences,
    ([before], [after]) => before !== after,
  ),
  // It decides only when a page offers an enrollment, so it changes no decision.
  setting('enrollment', ({ enrollment }) => enrollment, never),
  setting(
    'firstFactor',
    ({ firstFactor }) => firstFactor,
    (_, after) => after === 'freshSession',
  ),
  setting('firstFactorSessionSeconds', (settings) => settings.firstFactorSessionSeconds, more),
  setting('methods.totp.enabled', ({ methods }) => methods.totp.enabled, switchedOn),
  setting('methods.totp.algorithm', ({ methods }) => methods.totp.algorithm, never),
  setting('methods.totp.digits', ({ methods }) => methods.totp.digits, less),
  setting('methods.totp.periodSeconds', ({ methods }) => methods.totp.periodSeconds, more),
  setting('methods.passkey.enabled', ({ methods }) => methods.passkey.enabled, never),
  setting('methods.recovery.enabled', ({ methods }) => methods.recovery.enabled, switchedOn),
  setting('mfaTokens', ({ mfaTokens }) => mfaTokens, higher(MFA_TOKEN_MODES)),
  setting(
    'senderConstrained',
    ({ senderConstrained }) => senderConstrained,
    lower(SENDER_CONSTRAINTS),
  ),
  setting(
    'assertions',
    ({ assertions }) => assertions,
    (_, after) => after !== undefined,
  ),
  setting('receipts.showCredential', ({ receipts }) => receipts.showCredential, switchedOn),
  setting('history.keepDays', ({ history }) => history.keepDays, less),
]

const RULE_MEMBERS: { [K in keyof Rule]: Weakens<Rule[K]> } = {
  require: lower(REQUIRES),
  methods: longerList,
  acr: lower(ACRS),
  singleUse: switchedOff,
  lifetimeSeconds: more,
  freshnessSeconds: more,
  details: lower(DETAILS_RULES),
  acceptsMfaToken: switchedOn,
  dpop: switchedOff,
  mode: (_, after) => after === 'observe',
}

/** Returns whether a change of an action's other members weakens it. */
const ENTRY_MEMBERS: Record<string, (before: ActionEntry) => boolean> = {
  // The rule no longer applies to calls with the old scope or the old resource.
  scope: () => true,
  audience: () => true,
  // A schema changes the types in a condition. A condition that failed, and so counted as matched, may no longer
  // fail.
  detailsSchema: ({ detailsSchema, stricter = [] }) =>
    detailsSchema !== undefined || stricter.some(({ when }) => readsDetails(when)),
  title: () => false,
  sentence: () => false,
}

/**
 * Returns the differences between two documents, in the order of the documents.
 *
 * @returns each difference with its path and whether it weakens; a removed or added action is one difference; a
 *   built-in action that was removed is compared with its default
 * @example compareSettings(resolveSettings(now), resolveSettings(draft)).filter(({ weaker }) => weaker)
 */
export function compareSettings(before: Settings, after: Settings): SettingChange[] {
  const settings = SETTINGS.filter(({ read }) => differ(read(before), read(after))).map(
    ({ path, read, weaker }) => ({
      ...changed(path, read(before), read(after)),
      weaker: weaker(before, after),
    }),
  )
  return [...settings, ...compareActions(before.actions, after.actions)]
}

type Entry = Settings['actions'][number]

function compareActions(before: Entry[], after: Entry[]): SettingChange[] {
  const names = [...new Set([...before, ...after].map(({ action }) => action))]
  return names.flatMap((name) => compareAction(name, entryOf(before, name), entryOf(after, name)))
}

const entryOf = (entries: Entry[], name: string): Entry | undefined =>
  entries.find(({ action }) => action === name) ??
  (isBuiltIn(name) ? BUILT_IN_ENTRIES[name] : undefined)

function compareAction(
  name: string,
  before: Entry | undefined,
  after: Entry | undefined,
): SettingChange[] {
  const path = `actions[${name}]`
  // A removed action no longer guards anything; a new one weakens nothing.
  if (!before || !after) return [{ ...changed(path, before, after), weaker: !after }]
  const rule = Object.entries(RULE_MEMBERS).flatMap(([member, weakens]) => {
    const [was, is] = [before, after].map(({ base }) => Reflect.get(base, member))
    if (!differ(was, is)) return []
    return [
      {
        ...changed(`${path}.base.${member}`, was, is),
        weaker: (weakens as Weakens<unknown>)(was, is),
      },
    ]
  })
  const rest = Object.entries(ENTRY_MEMBERS).flatMap(([member, weakens]) => {
    const [was, is] = [before, after].map((entry) => Reflect.get(entry, member))
    if (!differ(was, is)) return []
    return [{ ...changed(`${path}.${member}`, was, is), weaker: weakens(before) }]
  })
  return [...rest, ...rule, ...compareStricter(path, before, after)]
}

/** Compares `stricter` entries by content. A removed or changed entry counts as weaker. */
function compareStricter(path: string, before: ActionEntry, after: ActionEntry): SettingChange[] {
  const [was, is] = [before.stricter ?? [], after.stricter ?? []]
  const missingIn = (list: unknown[], entry: unknown) =>
    !list.some((other) => canonical(other) === canonical(entry))
  const gone = was.filter((entry) => missingIn(is, entry))
  const added = is.filter((entry) => missingIn(was, entry))
  return [
    ...gone.map((entry) => ({ path: `${path}.stricter`, before: entry, weaker: true })),
    ...added.map((entry) => ({ path: `${path}.stricter`, after: entry, weaker: false })),
  ]
}

const differ = (a: unknown, b: unknown): boolean => canonical(a ?? null) !== canonical(b ?? null)

const changed = (path: string, before: unknown, after: unknown) => ({
  path,
  ...(before !== undefined && { before }),
  ...(after !== undefined && { after }),
})
