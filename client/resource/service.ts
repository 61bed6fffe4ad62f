// Calls Countersign, with limits on time and size. Does not follow redirects, because the calls carry the
// resource key.
import type { Reason } from '../../contract/index.ts'
import { isRecord } from '../../contract/shared/wire.ts'
import { isAboutCall, refuse, unavailable } from './answers.ts'
import { within } from './kept.ts'
import { isRequirement } from './rules.ts'
import { isCount } from './shapes.ts'
import type { GuardOptions } from './types.ts'

const ANSWER_MAX_BYTES = 256 * 1024
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i

/** Thrown if a reply was lost. Countersign may have carried out the call. */
export class LostReply extends Error {}

export interface Service {
  /** The address of the environment. */
  base: string
  /**
   * Calls a procedure as this resource.
   *
   * @throws LostReply, or GuardRefusal with the reason that Countersign gave
   */
  call(procedure: string, input: object): Promise<unknown>
  /** Fetches a public document under the environment's address. */
  read(path: string): Promise<unknown>
}

/** Messages for configuration errors that a developer must correct. They replace the messages of Countersign. */
const MISCONFIGURED: ReadonlyMap<string, string> = new Map<Reason, string>([
  ['unauthenticated', 'This environment does not know the resource key.'],
  ['unknown_environment', 'This environment does not exist.'],
  ['not_found', 'This guard needs a newer service.'],
])

/** Creates the connection of one resource to Countersign. */
export function openService({ url, environment, resourceKey, fetch: own }: GuardOptions): Service {
  const base = `${url.replace(/\/+$/, '')}/${environment}`
  const send: typeof fetch = own ?? ((input, init) => fetch(input, init))

  const exchange = async (path: string, init: RequestInit) => {
    const controller = new AbortController()
    const answer = send(base + path, {
      ...init,
      redirect: 'manual',
      signal: controller.signal,
    }).then(async (response) => ({ response, text: await readBounded(response) }))
    const { response, text } = await within(answer, () => controller.abort()).catch((cause) => {
      throw new LostReply('Countersign does not answer.', { cause })
    })
    return { status: response.status, json: parse(response, text) }
  }

  return {
    base,
    async call(procedure, input) {
      const { status, json } = await exchange(`/trpc/${procedure}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${resourceKey}` },
        body: JSON.stringify(input),
      })
      if (status === 200 && isRecord(json?.result)) return json.result.data
      if (isRecord(json?.error)) passOn(json.error)
      if (status >= 500) throw new LostReply(`Countersign answered with status ${status}.`)
      return unavailable(`${procedure} returned an unexpected response.`)
    },

    async read(path) {
      const { status, json } = await exchange(path, { headers: { 'cache-control': 'no-cache' } })
      return status === 200 && json ? json : unavailable(`Countersign did not answer ${path}.`)
    },
  }
}

async function readBounded({ body }: Response): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  // An error inside the loop cancels the body.
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_MAX_BYTES)
      throw new Error(`the answer is longer than ${ANSWER_MAX_BYTES} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parse({ headers }: Response, text: string): Record<string, unknown> | undefined {
  if (!JSON_TYPE.test(headers.get('content-type') ?? '')) return undefined
  try {
    const json: unknown = JSON.parse(text)
    return isRecord(json) ? json : undefined
  } catch {
    return undefined
  }
}

/** Refuses the guarded call with the refusal of Countersign. Returns if the error is not a refusal. */
function passOn({ message, data }: Record<string, unknown>): void {
  if (!isRecord(data) || typeof data.reason !== 'string') return
  const { reason, requirement, retryAfterSeconds } = data
  const detail = typeof message === 'string' ? message : undefined
  if (!isAboutCall(reason)) {
    refuse('unavailable', {
      detail: MISCONFIGURED.get(reason),
      retryAfterSeconds: isCount(retryAfterSeconds) ? retryAfterSeconds : undefined,
      cause: new Error(`Countersign refused: ${reason}`, { cause: data }),
    })
  }
  refuse(reason, {
    detail,
    requirement: isRequirement(requirement) ? requirement : undefined,
  })
}
