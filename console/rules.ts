// Computes the rule of each action for the dashboard, and describes it in one sentence. The service decides.
import {
  type ActionEntry,
  BUILT_IN_ACTIONS,
  type BuiltInAction,
  baseRuleOf,
  type EnvironmentSettings,
  isBuiltIn,
  isCredentialAction,
  type Rule,
  reachingMethods,
  ruleOf,
} from 'countersign/contract'
import { anyOf, duration, METHOD_PHRASES, plural } from './words.ts'

/** Explains each built-in action. */
export const BUILT_IN_WORDS: Record<BuiltInAction, { title: string; text: string }> = {
  'wallet.waas.sign': {
    title: 'Sign with a wallet',
    text: 'A transaction or message is signed with the key of a user’s embedded wallet.',
  },
  'wallet.waas.export': {
    title: 'Export a wallet’s key',
    text: 'The private key leaves the vault for the user. Anyone who gets it can do everything.',
  },
  'wallet.waas.refresh': {
    title: 'Refresh key shares',
    text: 'The shares of a wallet’s key are replaced; the key and its address stay.',
  },
  'wallet.waas.reshare': {
    title: 'Reshare a key',
    text: 'A wallet’s key is split into new shares, possibly for other holders.',
  },
  'user.update': {
    title: 'Change the profile',
    text: 'The user’s data in your application changes, such as an address for payments or mail.',
  },
  'credential.link': {
    title: 'Add a factor',
    text: 'A user who has one adds another authenticator app or passkey.',
  },
  'credential.update': {
    title: 'Change factors',
    text: 'A user creates new recovery codes, or chooses another default factor.',
  },
  'credential.unlink': {
    title: 'Remove a factor',
    text: 'A user removes one of their factors.',
  },
}

/** Returns what an action is called without a title of its own. */
export const defaultTitleOf = (action: string): string =>
  isBuiltIn(action) ? BUILT_IN_WORDS[action].title : action

/**
 * Returns the title of an action: from the settings, or built in, or else its name.
 *
 * @param actions the actions of the settings
 */
export const titleOf = (action: string, actions: readonly ActionEntry[] = []): string =>
  actions.find((entry) => entry.action === action)?.title ?? defaultTitleOf(action)

/** An action with the rule that its form edits. `isWritten`: the settings name the action. */
export interface ShownAction {
  entry: ActionEntry
  action: string
  title: string
  text: string
  scope: string
  rule: Rule
  isWritten: boolean
}

/** Every action of an environment: the built-in ones, and the operator's own. */
export function actionsOf({ actions = [] }: EnvironmentSettings): ShownAction[] {
  const written = new Map(actions.map((entry) => [entry.action, entry]))
  const own = actions.filter(({ action }) => !isBuiltIn(action))
  const builtIn = Object.keys(BUILT_IN_ACTIONS).map((action) => written.get(action) ?? { action })
  return [...builtIn, ...own].map((entry: ActionEntry) => {
    const { action, scope = action } = entry
    return {
      entry,
      action,
      title: entry.title ?? defaultTitleOf(action),
      text: isBuiltIn(action) ? BUILT_IN_WORDS[action].text : '',
      scope: isBuiltIn(action) ? BUILT_IN_ACTIONS[action] : scope,
      rule: baseRuleOf(entry),
      isWritten: written.has(action),
    }
  })
}

/** Returns the action that a guide starts with: one of the application's own, if it has any. */
export const firstToGuard = (actions: readonly ShownAction[]): ShownAction | undefined =>
  actions.find(({ action }) => !isBuiltIn(action)) ??
  actions.find(({ action }) => action === 'wallet.waas.export')

const GROUPS = [
  { id: 'own', title: 'Your own', has: (action: string) => !isBuiltIn(action) },
  { id: 'wallet', title: 'Wallet', has: (action: string) => action.startsWith('wallet.waas.') },
  { id: 'account', title: 'Account', has: (action: string) => action === 'user.update' },
  { id: 'credentials', title: 'Credentials', has: isCredentialAction },
] as const

/** Returns the groups with their actions. Groups without actions come last. */
export function groupsOf(settings: EnvironmentSettings) {
  const shown = actionsOf(settings)
  return GROUPS.map(({ id, title, has }) => ({
    ...{ id, title },
    actions: shown.filter(({ action }) => has(action)),
  })).sort((a, b) => Number(a.actions.length === 0) - Number(b.actions.length === 0))
}

/**
 * Returns the members of an action that a new schema changes. An action that is not saved yet requires details once
 * a schema describes them.
 */
export const schemaPart = (
  { entry, rule }: ShownAction,
  detailsSchema: ActionEntry['detailsSchema'],
  isNew: boolean,
): Pick<ActionEntry, 'base'> & { detailsSchema: ActionEntry['detailsSchema'] } => ({
  detailsSchema,
  ...(isNew &&
    detailsSchema &&
    !entry.detailsSchema &&
    rule.details === 'optional' && { base: { ...rule, details: 'required' } }),
})

/** Returns the settings with one action replaced. */
export function withAction(settings: EnvironmentSettings, entry: ActionEntry): EnvironmentSettings {
  const actions = settings.actions ?? []
  const known = actions.some(({ action }) => action === entry.action)
  return {
    ...settings,
    actions: known
      ? actions.map((other) => (other.action === entry.action ? entry : other))
      : [...actions, entry],
  }
}

/** Returns the settings without one action. A built-in action then has its defaults. */
export const withoutAction = (
  settings: EnvironmentSettings,
  name: string,
): EnvironmentSettings => ({
  ...settings,
  actions: (settings.actions ?? []).filter(({ action }) => action !== name),
})

/** Returns the rule of an action in one plain sentence. */
export function sentenceOf(entry: ActionEntry): string {
  const rule = ruleOf(entry)
  const stricter = entry.stricter?.length ?? 0
  const cases = stricter > 0 ? ` Stricter in ${plural(stricter, 'case')}.` : ''
  if (rule.require === 'never') return `Asks nobody for anything.${cases}`
  const methods = reachingMethods(rule)
  if (rule.require === 'deny') return 'Refuses everybody.'
  if (methods.length === 0) return 'Refuses everybody: no method allowed here is strong enough.'
  const who = rule.require === 'always' ? 'every user' : 'enrolled users'
  const asks = anyOf(methods.map((method) => METHOD_PHRASES[method]))
  const use = rule.singleUse ? 'is single-use, good for' : 'may be used for'
  const asked = `Asks ${who} for ${asks}; the token ${use} ${duration(rule.lifetimeSeconds)}`
  const bound = rule.details === 'required' ? ' and for exactly what was confirmed' : ''
  const watched = rule.mode === 'observe' ? 'Monitors only. If enforced: ' : ''
  const said = `${asked}${bound}.${cases}`
  return watched ? watched + said.charAt(0).toLowerCase() + said.slice(1) : said
}
