// The sets of texts in other languages: each says everything that the English one says, and says with what
// it is given.
import { DEFAULT_TEXTS, type StepUpTexts } from 'countersign/react'
import { ar } from 'countersign/react/texts/ar'
import { de } from 'countersign/react/texts/de'
import { es } from 'countersign/react/texts/es'
import { fr } from 'countersign/react/texts/fr'
import { ja } from 'countersign/react/texts/ja'
import { describe, expect, it } from 'vitest'

const SETS: StepUpTexts[] = [DEFAULT_TEXTS, ar, de, es, fr, ja]

/** Every text of a set by its path; a function counts as one. */
const textsOf = (set: object, path = ''): [path: string, text: unknown][] =>
  Object.entries(set).flatMap(([key, text]) =>
    typeof text === 'object' ? textsOf(text, `${path}${key}.`) : [[path + key, text]],
  )

/** What may be the same in two languages. */
const SHARED = /^(dir|duration|codesFile|methods\.passkey|enroll\.passkey)$/

describe.each(SETS.map((set) => [set.lang, set] as const))('the texts in %s', (_, set) => {
  it('are all there, and none is empty', () => {
    const paths = textsOf(set).map(([path]) => path)
    expect(paths.sort()).toEqual(
      textsOf(DEFAULT_TEXTS)
        .map(([path]) => path)
        .sort(),
    )
    expect(textsOf(set).filter(([, text]) => typeof text === 'string' && !text.trim())).toEqual([])
  })

  it('say what they are given', () => {
    for (const name of ['intro', 'enrollIntro', 'unknownAction', 'hashOf'] as const) {
      expect(set[name]('ᚠᚢᚦ'), name).toContain('ᚠᚢᚦ')
    }
    for (const name of ['waiting', 'nextCodeIn'] as const) {
      expect(set[name](30, set.duration(30)), name).toContain(set.duration(30))
    }
  })

  it.each(['attemptsLeft', 'recoverFactorHint', 'unnamedDevice', 'duration'] as const)(
    'differ by the number that %s is given',
    (name) => {
      const numbers = [1, 2, 3, 5, 11, 30, 59, 60, 61, 65, 120, 125, 900, 3599, 3600, 3661, 7200]
      const said = numbers.map((number) => set[name](number))
      expect(new Set(said).size).toBe(numbers.length)
      for (const number of [3, 5, 11, 30]) expect(set[name](number)).toContain(`${number}`)
    },
  )
})

it.each(SETS.slice(1).map((set) => [set.lang, set] as const))('%s is not English', (_, set) => {
  const english = new Map(textsOf(DEFAULT_TEXTS))
  const same = textsOf(set).filter(
    ([path, text]) => !SHARED.test(path) && typeof text === 'string' && english.get(path) === text,
  )
  expect(same).toEqual([])
})

describe('Arabic', () => {
  it.each([
    [1, 'محاولة واحدة'],
    [2, 'محاولتان'],
    [3, '3 محاولات'],
    [11, '11 محاولة'],
  ])('has a form of its own for %i', (left, words) => {
    expect(ar.attemptsLeft(left)).toBe(`المتبقي: ${words}.`)
  })

  it('joins minutes and seconds', () => {
    expect(ar.duration(65)).toBe('دقيقة واحدة و5 ثوانٍ')
    expect(ar.duration(120)).toBe('دقيقتين')
  })
})
