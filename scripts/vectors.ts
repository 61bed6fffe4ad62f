// Writes conformance/vectors.json. Its ECDSA signatures are random, so every run changes the file: run this only
// after a change of the cases in scripts/vectors/. The keys in conformance/keys.json stay.
import { writeFileSync } from 'node:fs'
import { detailsVectors, statementVectors } from './vectors/details.ts'
import { proofVectors } from './vectors/proofs.ts'
import { checkpointVectors, receiptVectors } from './vectors/receipts.ts'
import { keySet } from './vectors/sign.ts'
import { tokenVectors } from './vectors/tokens.ts'

const keys = { tokens: keySet('token-1', 'token-2'), receipts: keySet('receipt-1') }
const vectors = [
  ...tokenVectors(),
  ...proofVectors(),
  ...receiptVectors(),
  ...checkpointVectors(),
  ...detailsVectors(),
  ...statementVectors(),
]
const lines = vectors.map((one) => JSON.stringify(one)).join(',\n')
writeFileSync(
  new URL('../conformance/vectors.json', import.meta.url),
  `{"keys":${JSON.stringify(keys)},\n"vectors":[\n${lines}\n]}\n`,
)
console.log(`${vectors.length} vectors`)
