// What the page knows of the wallet: asked for once, and replaced by what every change answers.
import { queryOptions, useQueryClient } from '@tanstack/react-query'
import type { StepUpOutcome } from 'countersign/react'
import type { SignedIn, WalletView } from '../shared/view.ts'
import { readWallet } from './api.ts'

/** Queries the signed-in user's wallet. Its key has no session token, because tools show and keep keys. */
export const walletQuery = ({ subject, expiresAt }: SignedIn) =>
  queryOptions({ queryKey: ['wallet', subject, expiresAt], queryFn: readWallet })

/** What a part of the wallet's page is given. */
export interface WalletProps {
  wallet: WalletView
  session: SignedIn
}

/** How the page learns of a change: the wallet as it is then, or that it is to be read again. */
export function useWalletChanged(session: SignedIn): (now?: WalletView) => void {
  const queries = useQueryClient()
  const { queryKey } = walletQuery(session)
  return (now) => {
    if (now) queries.setQueryData(queryKey, now)
    else queries.invalidateQueries({ queryKey }).catch(() => {})
  }
}

/** What a guarded action came to; undefined where the user turned back. */
export const completed = <T>(outcome: StepUpOutcome<T>): T | undefined =>
  outcome.status === 'completed' ? outcome.value : undefined
