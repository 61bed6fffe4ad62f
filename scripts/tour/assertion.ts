// The tour's step without a factor: the application's backend vouches for its user.
import { DEMO } from '../demo.ts'
import { claimLines, type Tour, type User } from './cast.ts'

const SCOPE = 'user:update'

export const assertionIsExchanged = (tour: Tour, { client, subject }: User): Promise<string> =>
  tour.story.step("The application's backend vouches for its user", async () => {
    const { story, application, issuer, wallet } = tour
    const { token: assertion, claims } = await application.vouch(subject, SCOPE, issuer)
    story.asks(`Exchange an assertion that ${DEMO.backend} signed:`)
    story.shows(...claimLines(claims))
    const { elevatedToken } = await client.token.exchange.mutate({ assertion })
    story.holds(`A token for ${SCOPE} comes back.`, elevatedToken, { scopes: [SCOPE], acr: 'mfa' })
    story.asks('The API consumes it.')
    const { token } = elevatedToken
    const consumed = await wallet.token.consume.mutate({ token, subject, scope: SCOPE })
    story.holds('Accepted.', consumed, { accepted: true, claims: { sub: subject, scope: SCOPE } })
    return assertion
  })

export const assertionIsSpent = ({ story }: Tour, { client }: User, assertion: string) =>
  story.step('The same assertion opens nothing twice', async () => {
    story.asks('Exchange it again.')
    const again = client.token.exchange.mutate({ assertion })
    await story.refused('Refused:', again, 'assertion_invalid')
  })
