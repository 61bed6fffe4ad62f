// What a new environment or action starts from: templates that can be saved, and schemas made from an example.
import { Validator } from '@cfworker/json-schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readExample, schemaFromExample } from '../../console/model/schema-from-example.ts'
import { TEMPLATES } from '../../console/model/templates.ts'
import { EnvironmentSettings } from '../../contract/index.ts'
import { schemaFault } from '../../functions/domain/details/details-schema.ts'
import { checkSettings } from '../../functions/domain/settings/settings.ts'

const SETTINGS: EnvironmentSettings = {
  session: {
    issuer: 'https://login.example',
    keys: { jwksUri: 'https://login.example/keys' },
    audiences: ['app'],
  },
  rpId: 'app.example',
  origins: ['https://app.example'],
  audiences: ['https://api.example'],
}

describe('a template', () => {
  it.each(TEMPLATES)('can be saved as it is: $title', async ({ actions }) => {
    const settings = { ...SETTINGS, actions: [...actions] }
    expect(EnvironmentSettings.parse(settings)).toEqual(settings)
    const deployment = { publicUrl: 'https://countersign.example', development: false }
    await expect(checkSettings(settings, deployment)).resolves.toBeUndefined()
  })

  it.each(TEMPLATES)('names its own actions for people: $title', ({ actions }) => {
    const own = actions.filter(({ scope }) => scope !== undefined)
    for (const { title, sentence } of own) expect([title, sentence]).not.toContain(undefined)
  })
})

describe('a schema made from an example', () => {
  it('is one that the service takes and that the example satisfies, whatever the example', () => {
    const leaf = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null))
    const inner = fc.oneof(leaf, fc.array(leaf, { maxLength: 1 }), fc.dictionary(fc.string(), leaf))
    const example = fc.dictionary(fc.string({ minLength: 1 }), inner, { maxKeys: 5 })
    fc.assert(
      fc.property(example, (drawn) => {
        const text = JSON.stringify(drawn)
        const details = JSON.parse(text)
        const read = readExample(text)
        if ('problem' in read) {
          expect(text).toContain('__proto__')
        } else {
          expect(schemaFault(read.schema)).toBeUndefined()
          expect(new Validator(read.schema, '2020-12').validate(details).valid).toBe(true)
        }
      }),
    )
  })

  it('refuses a member more or less', () => {
    const schema = schemaFromExample({ amount: 5 })
    const accepts = (details: object) => new Validator(schema, '2020-12').validate(details).valid
    expect([{ amount: 6 }, {}, { amount: '6' }, { amount: 6, to: 'eve' }].map(accepts)).toEqual([
      ...[true, false, false, false],
    ])
  })

  it.each(['', '5', '[1]', 'null', '{', '{ "__proto__": 1 }'])(
    'says what to paste instead of %j',
    (text) => {
      expect(readExample(text)).toHaveProperty('problem')
    },
  )
})
