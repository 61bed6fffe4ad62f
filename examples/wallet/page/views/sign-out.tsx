// The way out, wherever somebody is signed in.
import { useMutation } from '@tanstack/react-query'
import { useCountersign } from 'countersign/react'
import { Button } from '../../../../ui/button.tsx'
import { say } from '../../../../ui/toasts.tsx'
import { signOut } from '../account.ts'

export function SignOut() {
  const countersign = useCountersign()
  const leaving = useMutation({
    mutationFn: () => signOut(countersign),
    onSuccess: (told) =>
      say(told ? 'You are signed out.' : 'You are signed out here. The server was not reached.'),
  })
  return (
    <Button look="plain" small isPending={leaving.isPending} onClick={() => leaving.mutate()}>
      Sign out
    </Button>
  )
}
