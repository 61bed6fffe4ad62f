// What the code blocks of README and docs use without defining it: the application's own. pages.test.ts
// type-checks the blocks with it.

declare const url: string
declare const sessionToken: string
declare const getSessionToken: () => string | undefined
declare const code: string
declare const deviceId: string
declare const privateKey: CryptoKey
declare const guard: import('countersign/resource').Guard
/** The user whom the application's own login authenticated, of any framework's request. */
declare function userIdOf(request: unknown): Promise<string>
declare function exportWallet(userId: string): { privateKey: string }
declare function refundOrder(order: unknown): Promise<{ refunded: boolean }>
