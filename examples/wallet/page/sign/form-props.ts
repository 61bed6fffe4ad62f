// The props that the forms of all four kinds of requests share.
import type { SignRequest } from '../../shared/requests.ts'

export interface SignFormProps {
  /** The wallet's own. */
  address: string
  isPending: boolean
  onSign: (request: SignRequest) => void
}
