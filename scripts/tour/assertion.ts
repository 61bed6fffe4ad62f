// The steps of the tour without a factor: the application's backend vouches for its user.
import { DEMO } from '../demo.ts'
import { claimLines, type Tour, type User } from './users.ts'

const SCOPE = 'user:update'

export const assertionIsExchanged = (tour: Tour, { client, subject }: User): Promise<string> =>
  tour.walkthrough.step("The application's backend vouches for its user", async () => {
    const { walkthrough, application, issuer, wallet } = tour
    const { token: assertion, claims } = await application.vouch(subject, SCOPE, issuer)
    walkthrough.asks(`Exchange an assertion that ${DEMO.backend} signed:`)
    walkthrough.shows(...claimLines(claims))
    const { elevatedToken } = await client.token.exchange.mutate({ assertion })
    walkthrough.holds(`A token for ${SCOPE} comes back.`, elevatedToken, {
      scopes: [SCOPE],
      acr: 'mfa',
    })
    walkthrough.asks('The API consumes it.')
    const { token } = elevatedToken
    const consumed = await wallet.token.consume.mutate({ token, subject, scope: SCOPE })
    walkthrough.holds('Accepted.', consumed, {
      accepted: true,
      claims: { sub: subject, scope: SCOPE },
    })
    return assertion
  })

export const assertionIsSpent = ({ walkthrough }: Tour, { client }: User, assertion: string) =>
  walkthrough.step('The same assertion works only once', async () => {
    walkthrough.asks('Exchange it again.')
    const again = client.token.exchange.mutate({ assertion })
    await walkthrough.refused('Refused:', again, 'assertion_invalid')
  })
