// The user's own history, asked of Countersign through the instance's typed client; every failure is
// a CountersignError, as everywhere else.
import { asCountersignError, type Countersign } from 'countersign'

const told = <T>(call: Promise<T>): Promise<T> =>
  call.catch((error) => {
    throw asCountersignError(error)
  })

/** One page of events, newest first. */
export const listEvents = ({ rpc }: Countersign, cursor: string | undefined) =>
  told(rpc.audit.list.query(cursor === undefined ? {} : { cursor }))

/** Verifies the chain of events, page by page, until it ends or breaks. */
export async function verifyChain({ rpc }: Countersign) {
  let verified = await told(rpc.audit.verify.query({}))
  while (verified.intact && verified.cursor)
    verified = await told(rpc.audit.verify.query({ cursor: verified.cursor }))
  return verified
}
