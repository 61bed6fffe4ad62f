/** The chains that the page and the log call by name. */
export const CHAINS = [
  { value: '11155111', label: 'Sepolia (test network)' },
  { value: '1', label: 'Ethereum' },
  { value: '8453', label: 'Base' },
  { value: '10', label: 'OP Mainnet' },
] as const

const find = (id: number) => CHAINS.find(({ value }) => value === String(id))

export const isKnownChain = (id: number): boolean => find(id) !== undefined

export const chainName = (id: number): string => find(id)?.label ?? `chain ${id}`
