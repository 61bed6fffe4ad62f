// The guarded server action: it refunds after a step-up for exactly the details of the request.
import { createGuard } from 'countersign/resource'
import type { ActionFunctionArgs } from 'react-router'
import { issuer, readSession } from './login.server.ts'

const { COUNTERSIGN_URL: url = '', RESOURCE_KEY: resourceKey = '' } = process.env
const guard = createGuard({ url, environment: 'hello', audience: issuer, resourceKey })
const subject = async (request: Request) => (await readSession(request)).user
const details = (request: Request) => request.json()
const refund = guard.requireStepUpFetch(
  { action: 'order.refund', subject, details },
  async (request) => Response.json({ refunded: await request.json() }),
)
export const action = ({ request }: ActionFunctionArgs) => refund(request)
