// Creates the page of the documentation about logins, docs/logins.md, from the presets.
import { resolve } from 'node:path'
import {
  type LoginPreset,
  type PresetId,
  type PresetValue,
  presets,
  sessionFrom,
} from '../../contract/index.ts'
import { ROOT } from './markdown.ts'

/** Where the page is kept. */
export const LOGINS_PAGE = resolve(ROOT, 'docs/logins.md')

const INTRODUCTION = `<!-- Written by \`npm run generate\` from contract/presets; never edited. -->

# Logins

What to do at your login, what to enter here, and what does not work. Each section follows the provider's own
documentation as it was in November 2026. Try a real token in the dashboard under *Guide*: it says what is wrong with
a token and where to change it.

In the dashboard, *Create environment* begins with your login. A program makes the same settings:

\`\`\`ts
import { sessionFrom } from 'countersign/contract'

export const session = sessionFrom('auth0', {
  domain: 'shop.eu.auth0.com',
  audience: 'https://api.shop.example',
})
\`\`\`

A login that is not listed works if its tokens are as [Session tokens](./session-tokens.md) describes.
`

/** Returns the page as it must be. */
export const loginsPage = (): string =>
  [
    INTRODUCTION,
    ...Object.entries(presets).map(([id, preset]) => section(id as PresetId, preset)),
  ].join('\n')

function section(id: PresetId, preset: LoginPreset): string {
  const { name, token, steps, limits, authTime, sources } = preset
  return [
    `## ${name}`,
    `Send this: ${token.charAt(0).toLowerCase()}${token.slice(1)}`,
    `**At ${name}**`,
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    ...(authTime.code ? [`\`\`\`js\n${authTime.code}\n\`\`\``] : []),
    `**Here** (preset \`${id}\`)`,
    valuesTable(preset.values),
    `That makes these settings of \`session\`:`,
    `\`\`\`json\n${inShort(sessionFrom(id, exampleOf(preset.values)))}\n\`\`\``,
    '**What to know**',
    [authTime.note, ...limits].map((line) => `- ${line}`).join('\n'),
    `Sources: ${sources.map(({ title, url }) => `[${title}](${url})`).join(', ')}.\n`,
  ].join('\n\n')
}

/** Returns JSON whose innermost lists and objects are in one line each. */
const inShort = (value: object): string =>
  JSON.stringify(value, null, 2).replaceAll(/[[{][^[\]{}]*[\]}]/g, (inner) =>
    inner.replaceAll(/\s+/g, ' ').replaceAll(/^\[ | \]$/g, (edge) => edge.trim()),
  )

type Values = Readonly<Record<string, PresetValue>>

const valuesTable = (values: Values): string =>
  [
    '| value | where it is | example |',
    '| --- | --- | --- |',
    ...Object.entries(values).map(
      ([name, { label, hint, example, fallback }]) =>
        `| \`${name}\`: ${label}${fallback === undefined ? '' : ' (optional)'} | ${hint} | \`${example}\` |`,
    ),
  ].join('\n')

/** Returns the values that most users enter. */
const exampleOf = (values: Values): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([, { fallback, form }]) => fallback === undefined || form === 'origins')
      .map(([name, { example }]) => [name, example]),
  )
