// Says that the user has nothing yet to confirm with: firmly where the environment asks for it.
import { useGetMfaMethods, useIsUserMissingMfaAuth } from 'countersign/react/query'
import { Notice } from '../../../../ui/notice.tsx'

/** `isHere`: where one can be added, so that no way there need be shown. */
export function FactorNotice({ isHere = false }: { isHere?: boolean }) {
  const { data: isMissing } = useIsUserMissingMfaAuth()
  const { data: methods } = useGetMfaMethods()
  if (isMissing) {
    return (
      <Notice tone="warn" title="Set up a second factor to go on">
        <p>
          This wallet asks everybody for one.{' '}
          {isHere ? 'Add one below.' : <a href="#/security">Add one under Security</a>}
        </p>
      </Notice>
    )
  }
  if (!methods || methods.totp + methods.passkey > 0) return null
  if (methods.enrolled) {
    return (
      <Notice tone="warn" title="You have no verification method">
        <p>
          What asks you to confirm is blocked until you add one.{' '}
          {methods.recovery.remaining > 0
            ? 'That needs one of your recovery codes.'
            : 'You have no recovery codes left: ask an operator of this wallet.'}{' '}
          {!isHere && <a href="#/security">Add one under Security</a>}
        </p>
      </Notice>
    )
  }
  return (
    <Notice tone="warn" title="Your wallet is not protected by a second factor yet">
      <p>
        Anyone who can sign in as you can export its key.{' '}
        {isHere ? 'Add one below.' : <a href="#/security">Add an authenticator app or a passkey</a>}
      </p>
    </Notice>
  )
}
