// The operations that an operator calls: environments and their keys, users, operators, counts and history.
import { type EnvironmentSettings, RESERVED_ENVIRONMENT_IDS } from '../../contract/index.ts'
import { withDefaults } from '../../functions/domain/settings/defaults.ts'
import { resolveSettings } from '../../functions/domain/settings/settings.ts'
import type { OperationsOf } from './operation.ts'
import { AUDIENCE, NOW, PROOF, TOKEN } from './resources.ts'
import { APP } from './users.ts'

/** The scope of the token that an operator's change takes, once any operator has a factor. */
const takes = 'operator:change'

/** The reasons for which a change by an operator is refused. */
const CHANGE = [
  ...PROOF,
  ...(['step_up_required', 'enrollment_required', 'token_invalid', 'token_expired'] as const),
  ...(['token_revoked', 'token_used', 'scope_not_allowed', 'details_mismatch'] as const),
  'rate_limited',
] as const

const session = {
  issuer: 'https://login.shop.example',
  keys: { jwksUri: 'https://login.shop.example/.well-known/jwks.json' },
  audiences: ['shop'],
}
const settings: EnvironmentSettings = {
  name: 'Shop',
  session,
  rpId: 'shop.example',
  origins: ['https://shop.example'],
  audiences: [AUDIENCE],
  assertions: {
    issuer: 'https://backend.shop.example',
    keys: { jwksUri: 'https://backend.shop.example/.well-known/jwks.json' },
  },
  actions: [
    {
      action: 'order.refund',
      scope: 'orders:refund',
      title: 'Refund',
      sentence: 'refund an order',
      base: {
        require: 'always',
        methods: ['totp', 'passkey'],
        details: 'required',
        lifetimeSeconds: 300,
      },
    },
    {
      action: 'user.update',
      scope: 'user:update',
      base: { methods: ['totp', 'passkey', 'assertion'] },
    },
  ],
}

const renamed: EnvironmentSettings = { ...settings, name: 'The shop' }

const key = {
  kid: 'q3hXv1ZbT0aLk9sW',
  state: 'current' as const,
  createdAt: NOW,
  signsAt: NOW,
  leavesAt: null,
}
const keys = [key]
const resourceKey = {
  id: 'rk_Zt4wQ8nL2xYp',
  audience: AUDIENCE,
  label: 'Refunds',
  createdAt: NOW,
}
const viewOf = (document: EnvironmentSettings, version: number) => ({
  environment: 'shop',
  settings: resolveSettings(withDefaults(document)),
  version,
  keys,
  receiptKeys: [{ ...key, kid: 'w7PpXc0mRkqE2bYh' }],
  resourceKeys: [resourceKey],
})

export const ENVIRONMENT_OPERATIONS: OperationsOf<'environment'> = {
  create: {
    summary: 'Create an environment',
    description: `Creates the environment of one application in one stage. Every setting that you leave out has a default, and the answer has them all. These ids are reserved: ${RESERVED_ENVIRONMENT_IDS.join(', ')}.`,
    reasons: [...CHANGE, 'conflict'],
    takes,
    example: { environment: 'shop', settings },
    answer: viewOf(settings, 1),
  },
  list: {
    summary: 'List the environments',
    description: 'Returns the id of every environment.',
    reasons: [],
    example: {},
    answer: { environments: [{ environment: 'shop', createdAt: NOW }] },
  },
  get: {
    summary: 'Get an environment',
    description: 'Returns the settings with every default, the signing keys and the resource keys.',
    reasons: ['unknown_environment'],
    example: { environment: 'shop' },
    answer: viewOf(settings, 1),
  },
  preview: {
    summary: 'Preview a change of settings',
    description:
      'Returns the changes that saving these settings would make, and whether each one is weaker. It changes nothing.',
    reasons: ['unknown_environment'],
    example: { environment: 'shop', settings: renamed },
    answer: {
      version: 1,
      changes: [
        { path: 'name', before: 'Shop', after: 'The shop', weaker: false },
        { path: 'rpName', before: 'Shop', after: 'The shop', weaker: false },
      ],
    },
  },
  update: {
    summary: 'Change the settings',
    description:
      'Replaces the settings. `version` is the version that you read before: if somebody has saved since, the call is refused with `conflict`.',
    reasons: [...CHANGE, 'conflict', 'unknown_environment'],
    takes,
    example: { environment: 'shop', version: 1, settings: renamed },
    answer: viewOf(renamed, 2),
  },
  remove: {
    summary: 'Remove an environment',
    description:
      'Removes an environment with its settings and keys. This cannot be undone, and no other environment can have its id. Every location knows within 25 seconds.',
    reasons: [...CHANGE, 'unknown_environment'],
    takes,
    example: { environment: 'shop' },
    answer: { removed: true },
  },
  trySession: {
    summary: 'Try a session token',
    description:
      'Says which user a session token names, and what this user cannot do, or why it is refused. `session` and the other settings try a draft. The token is not stored.',
    reasons: ['unknown_environment'],
    example: { environment: 'shop', token: TOKEN },
    answer: {
      accepted: true,
      subject: 'alice',
      sessionId: 'session-1',
      authTime: NOW,
      expiresAt: NOW + 3600,
      warnings: [],
    },
  },
  rotateKeys: {
    summary: 'Rotate the signing keys',
    description:
      'Creates the next signing key, which signs once every verifier could have fetched it. With `compromised`, all other keys leave the key set at once, and all tokens end.',
    reasons: [...CHANGE, 'conflict', 'unknown_environment'],
    takes,
    example: { environment: 'shop' },
    answer: {
      keys: [
        { ...key, leavesAt: NOW + 87_600 },
        { ...key, kid: 'mI08IOSpTaBDi65T', state: 'next', signsAt: NOW + 600 },
      ],
    },
  },
  createResourceKey: {
    summary: 'Create a resource key',
    description:
      'Creates the key with which an API calls Countersign. The answer is the only one that has the key.',
    reasons: [...CHANGE, 'conflict', 'unknown_environment'],
    takes,
    example: { environment: 'shop', audience: AUDIENCE, label: 'Refunds' },
    answer: { id: resourceKey.id, key: 'csk_res_8sXv2QmL0kZ4yT7wNc1bR5pJ3hD6gF9aEuVoIiSxYqM' },
  },
  revokeResourceKey: {
    summary: 'Revoke a resource key',
    description: 'Ends a resource key. Every location refuses it within 25 seconds.',
    reasons: [...CHANGE, 'unknown_environment', 'not_found'],
    takes,
    example: { environment: 'shop', id: resourceKey.id },
    answer: { revoked: true },
  },
}

const subject = { environment: 'shop', subject: 'alice' }

export const SUBJECT_OPERATIONS: OperationsOf<'subject'> = {
  get: {
    summary: 'Get a user',
    description:
      'Returns the factors, the recovery codes that are left, the failed attempts and the live tokens of a user.',
    reasons: ['unknown_environment'],
    example: subject,
    answer: {
      subject: 'alice',
      known: true,
      enrolled: true,
      factors: [APP],
      pendingEnrollments: 0,
      recovery: { remaining: 10, total: 10, acknowledged: true },
      attempts: {
        consecutiveFailures: 0,
        failuresLastDay: 0,
        failuresLastMonth: 0,
        locked: false,
        retryAt: null,
      },
      liveTokens: 1,
    },
  },
  unlock: {
    summary: 'Unlock a user',
    description: 'Forgives the failed attempts of a user, so that they can enter codes again.',
    reasons: [...CHANGE, 'unknown_environment'],
    takes,
    example: { ...subject, reason: 'Called the help desk' },
    answer: { unlocked: true },
  },
  resetFactors: {
    summary: 'Remove all factors of a user',
    description:
      'Removes the factors and recovery codes of a user who has lost them, and ends their tokens. The user can add a first factor again.',
    reasons: [...CHANGE, 'unknown_environment'],
    takes,
    example: { ...subject, reason: 'Lost the phone' },
    answer: { removed: 2, endedTokens: 1 },
  },
  endTokens: {
    summary: 'End all tokens of a user',
    description: 'Ends every live token of a user. Their factors stay.',
    reasons: [...CHANGE, 'unknown_environment'],
    takes,
    example: { ...subject, reason: 'Stolen laptop' },
    answer: { endedTokens: 1 },
  },
}

const operator = {
  id: 'op_Xk3vQ9sZ1mTb',
  name: 'Grace',
  automation: false,
  createdAt: NOW,
  enrolled: false,
}

export const OPERATOR_OPERATIONS: OperationsOf<'operator'> = {
  self: {
    summary: 'Get the operator who calls',
    description:
      'Returns the calling operator. `guarded` is true if any operator has a factor: then every change needs a step-up.',
    reasons: [],
    example: {},
    answer: {
      id: operator.id,
      name: operator.name,
      automation: false,
      enrolled: false,
      guarded: false,
      signedInAt: NOW,
      expiresAt: null,
    },
  },
  create: {
    summary: 'Create an operator',
    description:
      'Creates a named operator, or with `automation` a key for a program, which can do less. The answer is the only one that has the key.',
    reasons: [...CHANGE, 'conflict'],
    takes,
    example: { name: 'Grace' },
    answer: { operator, key: 'csk_op_2mT7wNc1bR5pJ3hD6gF9aEuVoIiSxYqM8sXv2QmL0kZ' },
  },
  list: {
    summary: 'List the operators',
    description: 'Returns every operator and every automation key.',
    reasons: [],
    example: {},
    answer: { operators: [operator] },
  },
  revoke: {
    summary: 'Revoke an operator',
    description: 'Ends the key and the dashboard sessions of an operator at once.',
    reasons: [...CHANGE, 'conflict', 'not_found'],
    takes,
    example: { id: operator.id },
    answer: { revoked: true },
  },
}

export const STATS_OPERATIONS: OperationsOf<'stats'> = {
  get: {
    summary: 'Get the counts of an environment',
    description:
      'Returns how often each action was checked, asked for, passed, failed and used, by the hour or by the day. The counts are estimates.',
    reasons: ['unknown_environment'],
    example: { environment: 'shop', range: 'day' },
    answer: {
      from: NOW - 86_400,
      until: NOW,
      bucketSeconds: 3600,
      rows: [{ at: NOW - 3600, event: 'check', action: 'order.refund', method: null, count: 3 }],
    },
  },
}

/** A shortened checkpoint. */
const CHECKPOINT =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6ImNvdW50ZXJzaWduLWNoZWNrcG9pbnQrand0In0.eyJwb3NpdGlvbiI6MX0.c2lnbmF0dXJl'

export const AUDIT_OPERATIONS: OperationsOf<'audit'> = {
  list: {
    summary: 'List the history',
    description:
      'Returns events, the newest first, and a `cursor` if there are more. A user reads their own history. An operator names the user or the environment, or neither for the history of the operators.',
    reasons: ['unknown_environment'],
    example: {},
    answer: {
      events: [
        {
          seq: 1,
          at: NOW,
          type: 'factor.confirmed',
          actor: 'subject',
          data: { factorId: APP.factorId, kind: 'totp', first: true },
          salt: '9f86d081884c7d659a2feaa0c55ad015',
          previous: '0'.repeat(64),
          hash: '3b7e0b1d5a2c4f6e8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7',
        },
      ],
    },
  },
  verify: {
    summary: 'Verify the history',
    description:
      'Verifies the chain of hashes, and compares it with the stored checkpoints. `intact` is false if an event was changed or is missing. If there is a `cursor`, call again with it to verify the rest.',
    reasons: ['unknown_environment'],
    example: {},
    answer: {
      intact: true,
      count: 1,
      head: '3b7e0b1d5a2c4f6e8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7',
    },
  },
  checkpoint: {
    summary: 'Sign a checkpoint',
    description:
      'Signs how many events the history has and the hash of the newest one. Keep it elsewhere, and send it to `audit.verify` later to learn whether the history has only grown since.',
    reasons: ['unknown_environment'],
    example: {},
    answer: {
      checkpoint: CHECKPOINT,
      position: 1,
      head: '3b7e0b1d5a2c4f6e8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7',
    },
  },
}
