// The page of the reference: static HTML with every operation, its fields, its refusals and ready lines. It needs no
// script: the language is chosen by radio buttons, and copy.ts only adds buttons that copy.
import { REASONS } from '../contract/index.ts'
import { fieldRows, type Row } from './field-rows.ts'
import { type Endpoint, endpoints, operationId, SCHEMES } from './openapi.ts'
import { NOUNS } from './operations.ts'
import { namedSchemas } from './schemas.ts'
import { json, LANGUAGES, type Language, snippetOf } from './snippets.ts'

const SCHEMAS = namedSchemas()
const CALLERS = { subject: 'a user', resource: 'an API', operator: 'an operator' } as const

/** Escapes a text for HTML. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** Escapes a text, and shows what is between backticks as code. */
const prose = (text: string): string => escaped(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')

const join = <T>(values: readonly T[], write: (value: T) => string): string =>
  values.map(write).join('\n')

/** Returns the HTML of the page. */
export function renderPage(version: string): string {
  const all = endpoints()
  const nouns = Map.groupBy(all, ({ noun }) => noun)
  const shared = sharedNames(all)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>HTTP API – Countersign</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="The HTTP API of Countersign: every operation with its fields, refusals and ready lines.">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/reference.css">
<script src="/reference.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the operations</a>
<header class="bar">
<p class="brand">Countersign <span class="soft">HTTP API ${escaped(version)}</span></p>
<p><a href="/openapi.json">OpenAPI document</a> <a href="/console">Dashboard</a></p>
</header>
<div class="layout">
<nav aria-label="Operations">
${join([...nouns], ([noun, ones]) => `<p class="noun"><a href="#${noun}">${noun}</a></p><ul>${join(ones, (one) => `<li><a href="#${idOf(one)}">${shortName(one)}</a></li>`)}</ul>`)}
<p class="noun"><a href="#errors">Errors</a></p>
<p class="noun"><a href="#types">Types</a></p>
</nav>
<main id="main" tabindex="-1">
<h1>HTTP API</h1>
<p>Every operation is a <code>POST</code> of JSON, at most 64 KB. Users and APIs call under the id of their environment, operators under <code>/operator</code>. The credential is the bearer: <code>authorization: Bearer …</code></p>
<ul>
${join(Object.values(SCHEMES), ({ scheme }) => `<li>${prose(scheme.description)}</li>`)}
</ul>
<p>A refusal is <code>application/problem+json</code> (RFC 9457) with a <a href="#errors"><code>reason</code></a>. An operator also adds factors and steps up: with the operations for users, under <code>/operator</code>.</p>
<fieldset class="languages"><legend>Lines in</legend>
${join(Object.entries(LANGUAGES), ([name, { label }]) => `<label><input type="radio" name="language" id="in-${name}"${name === 'curl' ? ' checked' : ''}> ${label}</label>`)}
</fieldset>
${join([...nouns], ([noun, ones]) => renderNoun(noun, ones))}
<section aria-labelledby="errors">
<h2 id="errors">Errors</h2>
<p>The body of every refusal:</p>
${renderFields('Problem', 'Fields of a refusal')}
<div class="scroll" role="group" aria-label="Reasons" tabindex="0"><table><caption>Reasons</caption><thead><tr><th scope="col">Reason</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead><tbody>
${join(Object.entries(REASONS), ([reason, { status, message }]) => `<tr><th scope="row"><code>${reason}</code></th><td>${status}</td><td>${prose(message)}</td></tr>`)}
</tbody></table></div>
</section>
<section aria-labelledby="types">
<h2 id="types">Types</h2>
<p>Types that several operations share.</p>
${join(shared, (name) => `<article aria-labelledby="type-${name}"><h3 id="type-${name}">${name}</h3>${renderFields(name, `Fields of ${name}`)}</article>`)}
</section>
</main>
</div>
</body>
</html>
`
}

const idOf = operationId
const shortName = ({ noun, verb, path }: Endpoint): string =>
  noun === 'audit' && path.startsWith('/operator') ? `${verb}, by an operator` : verb

function renderNoun(noun: string, ones: readonly Endpoint[]): string {
  return `<section aria-labelledby="${noun}"><h2 id="${noun}">${noun}</h2><p>${prose(NOUNS[noun as keyof typeof NOUNS])}</p>
${join(ones, renderOperation)}
</section>`
}

function renderOperation(endpoint: Endpoint): string {
  const { path, summary, description, callers, takes, refusals } = endpoint
  const id = idOf(endpoint)
  const who = callers.map((caller) => CALLERS[caller]).join(' or ')
  return `<article aria-labelledby="${id}">
<h3 id="${id}">${escaped(summary)}</h3>
<p class="address"><code><b>POST</b> ${escaped(path)}</code></p>
<p>${prose(description)}</p>
<p class="soft">Called by ${who}.${takes ? ` Once the caller has a factor, send the header <code>countersign-token</code> with an elevated token for <code>${takes}</code>.` : ''}</p>
${join(Object.keys(LANGUAGES), (language) => `<div class="lines in-${language}">${renderCode(`${LANGUAGES[language as Language].label}: ${summary}`, snippetOf(endpoint, language as Language))}</div>`)}
${renderFields(endpoint.input, 'Input')}
${renderFields(endpoint.output, 'Answer')}
<details><summary>Example of an answer<span class="hidden-visually">: ${escaped(summary)}</span></summary>${renderCode(`Answer: ${summary}`, json(endpoint.answer))}</details>
<details><summary>Refusals (${refusals.length})<span class="hidden-visually">: ${escaped(summary)}</span></summary><ul class="reasons">${join(refusals, (reason) => `<li><code>${reason}</code> ${REASONS[reason].status}. ${prose(REASONS[reason].message)}</li>`)}</ul></details>
</article>`
}

const renderCode = (title: string, text: string): string =>
  `<div class="code"><pre tabindex="0" role="group" aria-label="${escaped(title)}"><code>${escaped(text)}</code></pre></div>`

/** Renders the fields of a schema: one table for each of its forms. */
function renderFields(name: string, title: string): string {
  const forms = fieldRows(SCHEMAS, name)
  if (forms.every(({ rows }) => rows.length === 0)) return `<p class="soft">${title}: none.</p>`
  return join(forms, ({ form, rows }) => renderTable(form ? `${title}, ${form}` : title, rows))
}

const renderTable = (caption: string, rows: readonly Row[]): string =>
  `<div class="scroll" role="group" aria-label="${escaped(caption)}" tabindex="0"><table><caption>${prose(caption)}</caption><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>
${join(rows, ({ field, required, type, link, limits, meaning }) => `<tr><th scope="row"><code>${escaped(field)}</code>${required ? ' <b class="small">required</b>' : ''}</th><td>${link ? `${escaped(type)} <a href="#type-${link}">${link}</a>` : escaped(type)}${limits ? `<span class="soft small">${prose(limits)}</span>` : ''}</td><td>${prose(meaning)}</td></tr>`)}
</tbody></table></div>`

/** Returns the types that tables link to, in alphabetical order. */
function sharedNames(all: readonly Endpoint[]): string[] {
  const found = new Set<string>()
  const visit = (name: string): void => {
    for (const { link } of fieldRows(SCHEMAS, name).flatMap(({ rows }) => rows)) {
      if (!link || found.has(link)) continue
      found.add(link)
      visit(link)
    }
  }
  for (const { input, output } of all) for (const name of [input, output]) visit(name)
  visit('Problem')
  return [...found].toSorted()
}
