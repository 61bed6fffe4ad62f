// An attestation with certificates used to reach the library, which fetches the revocation lists that the
// certificates name. The examples are the W3C's (WebAuthn Level 3, "Test Vectors", W3C Document License).
import { expect, it, vi } from 'vitest'
import { fromHex, toBase64Url } from '../../functions/domain/bytes.ts'
import { verifyRegistration } from '../../functions/domain/factors/passkey-verification.ts'
import document from '../conformance/webauthn-l3.vectors.json' with { type: 'json' }

const relyingParty = { rpId: 'example.org', origins: ['https://example.org'] }
const registrations = document.vectors.map(({ id, registration }) => {
  const read = (hex: string) => toBase64Url(fromHex(hex))
  const credential = read(registration.credential_id)
  const response = {
    id: credential,
    rawId: credential,
    type: 'public-key' as const,
    response: {
      clientDataJSON: read(registration.clientDataJSON),
      attestationObject: read(registration.attestationObject),
    },
  }
  return { id, response, challenge: read(registration.challenge) }
})

it.each(
  registrations.filter(({ id }) => /^(android-key|tpm|apple|fido-u2f|packed-es256)/.test(id)),
)('refuses the attested $id and fetches nothing for it', async ({ response, challenge }) => {
  const fetched = vi.spyOn(globalThis, 'fetch')
  const verified = verifyRegistration(response, challenge, relyingParty)
  await expect(verified).rejects.toMatchObject({ fault: 'attested' })
  expect(fetched).not.toHaveBeenCalled()
})
