// A deployed service whose first named operator never received their key, because the response was lost.
// OPERATOR_KEY stays valid until a named person has called, so that they can be added again.
import { describe, expect, it } from 'vitest'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { cookieOf } from '../support/operators.ts'
import { expectRefused, OPERATOR_KEY, unique } from '../support/service.ts'
import { withVariables } from '../support/variables.ts'

restartClockAfterEach()

const deployed = withVariables({ PUBLIC_URL: 'https://countersign.example' })
const holderOf = (key: string) => deployed.call({ environment: 'operator', bearer: () => key })
const first = holderOf(OPERATOR_KEY)

/** The person who has called: each test leaves one. */
let seenKey = ''
const holderOfSeen = () => holderOf(seenKey)

describe('the first operator of a deployed service', () => {
  it('is named again where the reply that held the key was lost, and then OPERATOR_KEY ends', async () => {
    stopClock()
    const lost = await first.operator.create.mutate({ name: unique('lost') })
    advance(60)
    const again = await first.operator.create.mutate({ name: unique('again') })
    const robot = await first.operator.create.mutate({ name: unique('robot'), automation: true })
    await holderOf(robot.key).environment.list.query()
    await first.operator.revoke.mutate({ id: lost.operator.id })
    seenKey = again.key
    const named = holderOfSeen()
    expect(await named.operator.self.query()).toMatchObject({ id: again.operator.id })
    await expectRefused(first.environment.list.query(), 'unauthenticated')
    await expectRefused(first.operator.create.mutate({ name: 'mallory' }), 'unauthenticated')
  })

  it('is not revoked while nobody else has called, and a key that nobody used counts for nobody', async () => {
    const { operators } = await holderOfSeen().operator.list.query()
    const seen = operators.find(({ automation }) => !automation)
    const unseen = await holderOfSeen().operator.create.mutate({ name: unique('unseen') })
    const revokeSeen = () => holderOfSeen().operator.revoke.mutate({ id: seen?.id ?? '' })
    await expectRefused(revokeSeen(), 'conflict')
    await expectRefused(first.operator.self.query(), 'unauthenticated')
    // Its sign-in to the page is a call, too.
    await cookieOf(unseen.key)
    await revokeSeen()
    await expectRefused(first.operator.self.query(), 'unauthenticated')
    expect(await holderOf(unseen.key).operator.self.query()).toHaveProperty('name')
  })
})
