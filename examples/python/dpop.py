"""Verifies DPoP proofs (RFC 9449) that come with a token that is bound to a key."""

import re
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from countersign import canonical, check, encode, is_text, read, refusing, sha256, verify_signature

PORTS = {"http": 80, "https": 443}
# By algorithm, the curve of the key and the members that its thumbprint covers (RFC 7638).
KEYS = {"ES256": ("P-256", "crv", "kty", "x", "y"), "ES384": ("P-384", "crv", "kty", "x", "y")}
KEYS |= dict.fromkeys(("Ed25519", "EdDSA"), ("Ed25519", "crv", "kty", "x"))

def normalized(address):
    """Returns an address without query and fragment (RFC 3986, sections 6.2.2 and 6.2.3)."""
    parts = urlsplit(address)
    check(parts.hostname)
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    path = re.sub("%[0-9A-Fa-f]{2}", lambda one: quote(unquote_to_bytes(one[0]), safe=""), parts.path) or "/"
    # `urljoin` removes dot segments. The first one keeps a path of two slashes from being a host.
    return parts.scheme, parts.hostname, port, urljoin("http://host", "/." + path)

def verify_proof(proof, method, url, now, token=None, jkt=None):
    """Verifies a DPoP proof (RFC 9449, section 4.3), and returns its thumbprint and claims."""
    with refusing("jwt"):
        header, claims = read(proof)
        check(len(proof) <= 4096)
    check(header.get("typ") == "dpop+jwt", "typ")
    check(is_text(header.get("alg")) and header["alg"] in KEYS, "alg")
    with refusing("jwk"):
        curve, *members = KEYS[header["alg"]]
        key = {name: header["jwk"][name] for name in members}
        check(key["crv"] == curve and not {"d", "k"} & set(header["jwk"]))
        verify_signature(proof, key, header["alg"])
    jti, iat = claims.get("jti"), claims.get("iat")
    check(is_text(jti) and len(jti.encode("utf-16-le", "surrogatepass")) <= 256, "jti")
    check(claims.get("htm") == method, "htm")
    with refusing("htu"):
        check(normalized(claims["htu"]) == normalized(url))
    check(type(iat) in (int, float) and abs(now - iat) <= 60, "iat")
    check(token is None or claims.get("ath") == encode(sha256(token.encode())), "ath")
    thumbprint = encode(sha256(canonical(key).encode()))
    check(jkt in (None, thumbprint), "key")
    return thumbprint, claims
