// The tour's own honesty: what deviates, or was never compared, ends it.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deviation, Story } from '../../scripts/tour/story.ts'

let lines: string[]
const story = () => new Story(new AbortController().signal)

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)))
})
afterEach(() => vi.restoreAllMocks())

describe('the tour', () => {
  it('says what was expected and what came where an answer deviates', async () => {
    const told = story()
    const step = told.step('A step', async () =>
      told.holds('it fits', { acr: 'mfa' }, { acr: 'phr' }),
    )
    await expect(step).rejects.toThrow(Deviation)
    expect(lines.join('\n')).toMatch(/expected {2}\{ acr: 'phr' \}\n.*came {6}\{ acr: 'mfa' \}/)
  })

  it('takes a list that is longer than expected for a deviation', async () => {
    const told = story()
    const step = told.step('A step', async () => told.holds('it fits', ['a', 'b'], ['a']))
    await expect(step).rejects.toThrow(Deviation)
  })

  it('takes an answer where a refusal must come for a deviation', async () => {
    const told = story()
    const call = Promise.resolve({ accepted: true })
    const step = told.step('A step', () => told.refused('Refused:', call, 'token_used'))
    await expect(step).rejects.toThrow(Deviation)
  })

  it('takes a step that compares nothing for a deviation', async () => {
    await expect(story().step('A step', async () => undefined)).rejects.toThrow(Deviation)
  })

  it('does not swallow an error that is no refusal', async () => {
    const broken = new TypeError('broken')
    const step = story().step('A step', () => Promise.reject(broken))
    await expect(step).rejects.toBe(broken)
  })

  it('ends well only when no step is missing', async () => {
    const told = story()
    await told.step('A step', async () => told.holds('it fits', 1, 1))
    expect(() => told.close(2)).toThrow(Deviation)
    told.close(1)
    expect(lines.at(-1)).toContain('1 of 1 steps held.')
  })

  it('stops before the next step when it is interrupted', async () => {
    const controller = new AbortController()
    const told = new Story(controller.signal)
    controller.abort(new Error('Interrupted.'))
    await expect(told.step('A step', async () => undefined)).rejects.toThrow('Interrupted.')
  })
})
