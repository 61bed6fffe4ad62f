// The page of the reference: it has every operation, links only to what it has, and loads nothing from elsewhere.
import { describe, expect, it } from 'vitest'
import { endpoints, operationId } from '../../reference/openapi.ts'
import { renderPage } from '../../reference/page.ts'
import { json, snippetOf } from '../../reference/snippets.ts'

const page = renderPage('0.0.0')
const ENDPOINTS = endpoints()
const matchesOf = (pattern: RegExp): string[] =>
  [...page.matchAll(pattern)].map(([, match = '']) => match)
const ids = matchesOf(/ id="([^"]+)"/g)

describe('the reference', () => {
  it('has every operation, and a link to each', () => {
    const operations = ENDPOINTS.map(operationId)
    expect(operations.filter((id) => !ids.includes(id))).toEqual([])
    expect(operations.filter((id) => !page.includes(`<li><a href="#${id}">`))).toEqual([])
  })

  it('links only to what it has', () => {
    const links = matchesOf(/ href="#([^"]+)"/g)
    expect(links.length).toBeGreaterThan(100)
    expect(links.filter((id) => !ids.includes(id))).toEqual([])
  })

  it.each([
    ['which claims a session token has', 'The session token', 'iss sub exp aud azp auth_time sid'],
    ['in which header a token comes', 'The elevated token that came', 'countersign-token'],
    ['what an API answers otherwise', 'Otherwise answer', 'token_invalid denied unauthenticated'],
    ['that a confirmation uses its code', 'Confirms a factor with', 'code_already_used'],
    ['how codes are made', 'otpauth:', 'algorithm=SHA1 digits=6 period=30'],
  ])('says %s', (_what, beginning, words) => {
    const [, passage = ''] = page.split(beginning)
    const [line = ''] = passage.split('\n')
    expect(words.split(' ').filter((word) => !line.includes(word))).toEqual([])
  })

  it('names each of its parts once', () => {
    expect(ids.length).toBe(new Set(ids).size)
  })

  it('loads only its own files, and has no script or style in itself', () => {
    const addresses = matchesOf(/ (?:src|href)="(?!#)([^"]+)"/g)
    expect(addresses).toEqual([
      'data:,',
      '/reference.css',
      '/reference.js',
      '/openapi.json',
      '/console',
    ])
    expect(page).not.toMatch(/<style|<script>| style=| on[a-z]+=/)
  })

  it('shows the type, the limits and the meaning of a field', () => {
    const [, table = ''] =
      /(<table><caption>Fields of ActionEntry[\s\S]*?<\/table>)/.exec(page) ?? []
    const [, row = ''] = /(<tr><th scope="row"><code>title[\s\S]*?<\/tr>)/.exec(table) ?? []
    expect(row.replaceAll(/<[^>]+>/g, '|')).toMatch(
      /title\|+string\|+at most 64 characters\|+The name of the action for people\./,
    )
    expect(table).toContain('<code>action</code> <b class="small">required</b>')
    expect(table).toContain('<a href="#type-RulePart">RulePart</a>')
  })
})

describe('the lines of an operation', () => {
  it.each(ENDPOINTS)('send the example with curl: $path', (endpoint) => {
    const [, body = ''] = /-d '([^']*)'$/.exec(snippetOf(endpoint, 'curl')) ?? []
    expect(JSON.parse(body)).toEqual(endpoint.example)
  })

  it('write JSON on as few lines as fit', () => {
    expect(json({})).toBe('{}')
    expect(json({ a: [1, 'x'], b: null })).toBe('{ "a": [1, "x"], "b": null }')
    expect(json({ long: 'x'.repeat(80), list: [{ a: 1 }] })).toBe(
      `{\n  "long": "${'x'.repeat(80)}",\n  "list": [{ "a": 1 }]\n}`,
    )
  })
})
