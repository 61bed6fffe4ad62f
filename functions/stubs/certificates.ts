// Replaces @peculiar/asn1-*, @peculiar/x509, reflect-metadata and the root certificates of attestations in the Worker
// (`alias` in wrangler.toml). @simplewebauthn/server uses them for the certificates of attestations, which
// passkey-verification.ts refuses before, and to read the r and s of an ECDSA signature, which is here. They are half of
// the Worker's weight.

/** Marks the type of ECDSA signatures for `AsnParser.parse`. */
export class ECDSASigValue {}

export const AsnParser = {
  /**
   * Reads an ECDSA signature in DER (RFC 3279, section 2.2.3; X.690, sections 8.3 and 10.1).
   *
   * @throws Error for every other type, and for bytes that are not DER
   */
  parse(signature: Uint8Array, type: unknown): { r: Uint8Array; s: Uint8Array } {
    if (type !== ECDSASigValue) throw new Error('This build reads no certificates.')
    const [tag, length] = signature
    if (tag !== SEQUENCE || length !== signature.length - HEADER_BYTES) malformed()
    const r = readInteger(signature.subarray(HEADER_BYTES))
    const s = readInteger(signature.subarray(HEADER_BYTES + HEADER_BYTES + r.length))
    if (signature.length !== HEADER_BYTES * 3 + r.length + s.length) malformed()
    return { r, s }
  },
}

const SEQUENCE = 0x30
const INTEGER = 0x02
const HEADER_BYTES = 2

/** Returns the bytes of a positive integer in its shortest form. The signatures of our curves have short lengths. */
function readInteger(der: Uint8Array): Uint8Array {
  const [tag, length = 0] = der
  const bytes = der.subarray(HEADER_BYTES, HEADER_BYTES + length)
  const [first = 0, second = 0] = bytes
  const isShortest = first < 0x80 && (first !== 0 || bytes.length === 1 || second >= 0x80)
  if (tag !== INTEGER || length === 0 || bytes.length !== length || !isShortest) malformed()
  return bytes
}

function malformed(): never {
  throw new Error('The signature is not DER.')
}

/** What the certificate code imports. It never runs. The library stores the root certificates, and reads none. */
export const [
  Apple_WebAuthn_Root_CA,
  AuthorityKeyIdentifierExtension,
  BasicConstraints,
  CRLDistributionPointsExtension,
  Certificate,
  ECParameters,
  ExtendedKeyUsage,
  GlobalSign_Root_CA,
  GlobalSign_Root_CA_R3,
  GlobalSign_Root_R46,
  Google_Hardware_Attestation_Root_1,
  Google_Hardware_Attestation_Root_2,
  Google_Hardware_Attestation_Root_3,
  Google_Hardware_Attestation_Root_4,
  KeyDescription,
  OctetString,
  RSAPublicKey,
  SubjectAlternativeName,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509ChainBuilder,
  X509Crl,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyDescription,
  id_ce_subjectAltName,
  id_ecPublicKey,
  id_ecdsaWithSHA256,
  id_ecdsaWithSHA384,
  id_ecdsaWithSHA512,
  id_ml_dsa_44,
  id_ml_dsa_65,
  id_ml_dsa_87,
  id_rsaEncryption,
  id_secp256r1,
  id_secp384r1,
  id_sha1WithRSAEncryption,
  id_sha256WithRSAEncryption,
  id_sha384WithRSAEncryption,
  id_sha512WithRSAEncryption,
] = [] as undefined[]
