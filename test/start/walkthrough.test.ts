// The tour fails if an answer deviates, or if a step compares nothing.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Deviation, Walkthrough } from '../../scripts/tour/walkthrough.ts'

let lines: string[]
const newWalkthrough = () => new Walkthrough(new AbortController().signal)

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(String(line)))
})
afterEach(() => vi.restoreAllMocks())

describe('the tour', () => {
  it('says what was expected and what came where an answer deviates', async () => {
    const walkthrough = newWalkthrough()
    const step = walkthrough.step('A step', async () =>
      walkthrough.holds('it fits', { acr: 'mfa' }, { acr: 'phr' }),
    )
    await expect(step).rejects.toThrow(Deviation)
    expect(lines.join('\n')).toMatch(/expected {2}\{ acr: 'phr' \}\n.*received {2}\{ acr: 'mfa' \}/)
  })

  it('takes a list that is longer than expected for a deviation', async () => {
    const walkthrough = newWalkthrough()
    const step = walkthrough.step('A step', async () =>
      walkthrough.holds('it fits', ['a', 'b'], ['a']),
    )
    await expect(step).rejects.toThrow(Deviation)
  })

  it('takes an answer where a refusal must come for a deviation', async () => {
    const walkthrough = newWalkthrough()
    const call = Promise.resolve({ accepted: true })
    const step = walkthrough.step('A step', () =>
      walkthrough.refused('Refused:', call, 'token_used'),
    )
    await expect(step).rejects.toThrow(Deviation)
  })

  it('takes a step that compares nothing for a deviation', async () => {
    await expect(newWalkthrough().step('A step', async () => undefined)).rejects.toThrow(Deviation)
  })

  it('does not swallow an error that is no refusal', async () => {
    const broken = new TypeError('broken')
    const step = newWalkthrough().step('A step', () => Promise.reject(broken))
    await expect(step).rejects.toBe(broken)
  })

  it('ends well only when no step is missing', async () => {
    const walkthrough = newWalkthrough()
    await walkthrough.step('A step', async () => walkthrough.holds('it fits', 1, 1))
    expect(() => walkthrough.close(2)).toThrow(Deviation)
    walkthrough.close(1)
    expect(lines.at(-1)).toContain('1 of 1 steps held.')
  })

  it('stops before the next step when it is interrupted', async () => {
    const controller = new AbortController()
    const walkthrough = new Walkthrough(controller.signal)
    controller.abort(new Error('Interrupted.'))
    await expect(walkthrough.step('A step', async () => undefined)).rejects.toThrow('Interrupted.')
  })
})
