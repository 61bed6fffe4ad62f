// operator.*: the operators of Countersign.
import {
  NoInput,
  OperatorCreateInput,
  OperatorCreateResult,
  OperatorListResult,
  OperatorReference,
  OperatorRevokeResult,
  OperatorSelf,
} from '../../contract/index.ts'
import { unwrap } from '../domain/refusal.ts'
import { directoryObject } from '../edge/objects.ts'
import { isEnrolled, isGuarded } from '../edge/operator-environment.ts'
import { authorize } from '../steps/authorize.ts'
import { calledBy, router } from '../trpc.ts'

export const operatorRouter = router({
  self: calledBy('operator')
    .input(NoInput)
    .output(OperatorSelf)
    .query(async ({ ctx: { bindings, caller } }) => {
      const { id, name, automation, signedInAt, expiresAt } = caller
      const [enrolled, guarded] = await Promise.all([isEnrolled(bindings, id), isGuarded(bindings)])
      return { id, name, automation, enrolled, guarded, signedInAt, expiresAt }
    }),

  create: calledBy('operator')
    .input(OperatorCreateInput)
    .output(OperatorCreateResult)
    .mutation(async ({ ctx, input }) => {
      await authorize(ctx, 'operator.create', input)
      const { name, automation = false } = input
      const directory = directoryObject(ctx.bindings)
      const created = unwrap(await directory.createOperator(name, automation, ctx.caller.name))
      return { ...created, operator: { ...created.operator, enrolled: false } }
    }),

  list: calledBy('operator')
    .input(NoInput)
    .output(OperatorListResult)
    .query(async ({ ctx: { bindings } }) => {
      const { operators } = await directoryObject(bindings).operators()
      return {
        operators: await Promise.all(
          operators.map(async (operator) => ({
            ...operator,
            enrolled: !operator.automation && (await isEnrolled(bindings, operator.id)),
          })),
        ),
      }
    }),

  revoke: calledBy('operator')
    .input(OperatorReference)
    .output(OperatorRevokeResult)
    .mutation(async ({ ctx, input }) => {
      await authorize(ctx, 'operator.revoke', input)
      unwrap(await directoryObject(ctx.bindings).revokeOperator(input.id, ctx.caller.name))
      return { revoked: true as const }
    }),
})
