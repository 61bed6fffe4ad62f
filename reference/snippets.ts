// Ready lines for each operation, in the languages of the reference.
import { TOKEN_HEADER } from '../contract/index.ts'
import type { Endpoint } from './openapi.ts'
import { SERVICE } from './service.ts'

const ENVIRONMENT = 'shop'

/** The variable that holds the credential of each caller. */
const CREDENTIALS = {
  subject: 'SESSION_TOKEN',
  resource: 'COUNTERSIGN_RESOURCE_KEY',
  operator: 'COUNTERSIGN_OPERATOR_KEY',
} as const

/** What the lines are made from. */
interface Lines {
  url: string
  /** The first path segment. */
  root: string
  noun: string
  verb: string
  kind: Endpoint['kind']
  credential: string
  /** Whether the call carries an elevated token. */
  takesToken: boolean
  input: unknown
}

/** How each language writes a call. */
export const LANGUAGES = {
  curl: { label: 'curl', write: writeCurl },
  typescript: { label: 'TypeScript', write: writeTypeScript },
  python: { label: 'Python', write: writePython },
  go: { label: 'Go', write: writeGo },
} as const satisfies Record<string, { label: string; write: (lines: Lines) => string }>
export type Language = keyof typeof LANGUAGES

/**
 * Returns the lines that make the example call of an operation.
 *
 * @example snippetOf(endpoint, 'curl') // 'curl https://countersign.example/shop/v1/…'
 */
export function snippetOf(endpoint: Endpoint, language: Language): string {
  const { path, noun, verb, kind, callers, takes, example } = endpoint
  const [caller = 'subject'] = callers
  return LANGUAGES[language].write({
    ...{ noun, verb, kind, input: example, takesToken: takes !== undefined },
    root: path.startsWith('/operator') ? 'operator' : ENVIRONMENT,
    url: `${SERVICE}${path.replace('{environment}', ENVIRONMENT)}`,
    credential: CREDENTIALS[caller],
  })
}

const LINE_CHARACTERS = 76

/**
 * Writes a value as JSON, with each part on one line where it fits.
 *
 * @param by what one level is indented by
 * @param margin the indentation of the line that the value begins on
 */
export function json(value: unknown, by = '  ', margin = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const isList = Array.isArray(value)
  const members = Object.entries(value).map(
    ([name, member]) => (isList ? '' : `${JSON.stringify(name)}: `) + json(member, by, margin + by),
  )
  const line = isList ? `[${members.join(', ')}]` : `{ ${members.join(', ')} }`
  if (members.length === 0) return isList ? '[]' : '{}'
  if (!line.includes('\n') && margin.length + line.length <= LINE_CHARACTERS) return line
  const inside = members.map((member) => `\n${margin}${by}${member}`).join(',')
  return isList ? `[${inside}\n${margin}]` : `{${inside}\n${margin}}`
}

function writeCurl({ url, credential, takesToken, input }: Lines): string {
  const token = takesToken ? ` \\\n  -H "${TOKEN_HEADER}: $ELEVATED_TOKEN"` : ''
  return `curl ${url} \\
  -H "authorization: Bearer $${credential}" -H 'content-type: application/json'${token} \\
  -d '${json(input)}'`
}

/** Writes a value as TypeScript does. No text of an example has a quotation mark in it. */
const literal = (value: unknown): string =>
  json(value)
    .replaceAll(/"(\w+)":/g, '$1:')
    .replaceAll('"', "'")

function writeTypeScript({ root, noun, verb, kind, credential, takesToken, input }: Lines): string {
  const token = takesToken ? '\n  elevatedToken: () => process.env.ELEVATED_TOKEN,' : ''
  return `import { createClient } from 'countersign'

const client = createClient({
  url: '${SERVICE}',
  environment: '${root}',
  bearer: () => process.env.${credential},${token}
})
const answer = await client.${noun}.${verb}.${kind === 'query' ? 'query' : 'mutate'}(${literal(input)})`
}

function writePython({ url, credential, takesToken, input }: Lines): string {
  const value = json(input, '    ', '    ')
    .replaceAll(/: (true|false)\b/g, (_, word: string) => (word === 'true' ? ': True' : ': False'))
    .replaceAll(/: null\b/g, ': None')
  const token = takesToken ? `\n        "${TOKEN_HEADER}": os.environ["ELEVATED_TOKEN"],` : ''
  return `import os

import requests

answer = requests.post(
    "${url}",
    headers={
        "authorization": "Bearer " + os.environ["${credential}"],${token}
    },
    json=${value},
    timeout=5,
)
print(answer.status_code, answer.json())`
}

function writeGo({ url, credential, takesToken, input }: Lines): string {
  const token = takesToken
    ? `\n\trequest.Header.Set("${TOKEN_HEADER}", os.Getenv("ELEVATED_TOKEN"))`
    : ''
  return `package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

func main() {
	body := strings.NewReader(\`${json(input)}\`)
	request, err := http.NewRequest("POST", "${url}", body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("authorization", "Bearer "+os.Getenv("${credential}"))
	request.Header.Set("content-type", "application/json")${token}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.Status, string(answer))
}`
}
