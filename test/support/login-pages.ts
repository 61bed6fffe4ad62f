// Creates the pages of the documentation about logins from the presets: docs/logins.md, and one for each provider.
import {
  type LoginPreset,
  type PresetId,
  type PresetValue,
  presets,
  sessionFrom,
} from '../../contract/index.ts'

const GENERATED = '<!-- Written by `npm run generate` from contract/presets; never edited. -->'

const INTRODUCTION = `${GENERATED}

# Logins

What to do at your login, what to enter here, and what does not work. Each page follows the provider's own
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

/** Returns the pages as they must be, by their paths. */
export const loginPages = (): Record<string, string> => ({
  'docs/logins.md': `${INTRODUCTION}\n${Object.entries(presets)
    .map(([id, { name }]) => `- [${name}](./logins/${fileOf(id)})\n`)
    .join('')}`,
  ...Object.fromEntries(
    Object.entries(presets).map(([id, preset]) => [
      `docs/logins/${fileOf(id)}`,
      page(id as PresetId, preset),
    ]),
  ),
})

/** Returns the name of the file of a preset, such as `better-auth.md`. */
const fileOf = (id: string): string =>
  `${id.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`

function page(id: PresetId, preset: LoginPreset): string {
  const { name, token, steps, limits, authTime, sources } = preset
  return [
    `${GENERATED}\n\n# ${name}`,
    `Send this: ${token.charAt(0).toLowerCase()}${token.slice(1)}`,
    `## At ${name}`,
    steps.map((step, index) => `${index + 1}. ${step}`).join('\n'),
    ...(authTime.code ? [`\`\`\`js\n${authTime.code}\n\`\`\``] : []),
    `## Here`,
    `The preset is \`${id}\`.`,
    valuesTable(preset.values),
    `That makes these settings of \`session\`:`,
    `\`\`\`json\n${inShort(sessionFrom(id, exampleOf(preset.values)))}\n\`\`\``,
    '## What to know',
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
