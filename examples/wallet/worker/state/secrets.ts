/** The secrets of the keepers of shares: one each, so that no leak opens the shares of two. */
export interface Secrets {
  VAULT_SECRET: string
  CUSTODIAN_SECRET: string
  DELEGATE_SECRET: string
}
