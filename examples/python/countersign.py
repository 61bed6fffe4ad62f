"""Verifies tokens and DPoP proofs of Countersign with PyJWT and cryptography, and consumes tokens over HTTP.

Each function raises `Refused` with a reason of conformance/README.md. receipts.py verifies receipts and checkpoints."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

import jwt

from canonical import Refused, canonical, check, check_details, decode, encode, parse, sha256

COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
ACRS = ["recovery", "mfa", "phr"]
LAST_SECOND = 4102444800
ALGORITHMS = jwt.algorithms.get_default_algorithms()
# The members of a public key that its thumbprint covers (RFC 7638), by algorithm.
KEYS = {"ES256": ("EC", "P-256"), "ES384": ("EC", "P-384")}
KEYS |= dict.fromkeys(("EdDSA", "Ed25519"), ("OKP", "Ed25519"))


def verify_signature(text, key, algorithm):
    """Verifies the signature of a compact JWS."""
    kty, crv = KEYS[algorithm]
    if (key.get("kty"), key.get("crv")) != (kty, crv):
        raise ValueError("another kind of key")
    known = ALGORITHMS["EdDSA" if kty == "OKP" else algorithm]
    signed, signature = text.rsplit(".", 1)
    if not known.verify(signed.encode(), known.from_jwk(json.dumps(key)), decode(signature)):
        raise ValueError("another signature")


def read_signed(text, jwks):
    """Verifies a compact JWS with a key set, and returns its header and payload. Raises for any fault."""
    if not COMPACT.fullmatch(text):
        raise ValueError("not a compact JWS")
    header, payload = (decode(part) for part in text.split(".")[:2])
    header = parse(header)
    kid = header["kid"]
    if header["alg"] != "ES256" or not isinstance(kid, str) or "crit" in header or "b64" in header:
        raise ValueError("another header")
    verify_signature(text, next(key for key in jwks["keys"] if key["kid"] == kid), "ES256")
    return header, parse(payload)


def is_text(value):
    return isinstance(value, str) and value != ""


def is_count(value):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and 0 <= value < 2**53 and value == int(value)


def is_date(value):
    return is_count(value) and value <= LAST_SECOND


CLAIMS = dict.fromkeys(("iss", "sub", "aud", "client_id"), is_text)
CLAIMS |= dict.fromkeys(("iat", "exp", "auth_time"), is_date)
CLAIMS |= {
    "sid": is_text,
    "jti": lambda jti: is_text(jti) and re.fullmatch(r"[A-Za-z0-9_-]{22,64}", jti),
    "amr": lambda amr: isinstance(amr, list) and amr and all(map(is_text, amr)),
    "acr": lambda acr: acr in ACRS,
    "singleUse": lambda flag: isinstance(flag, bool),
    "epoch": is_count,
    "cnf": lambda cnf: is_text(cnf["jkt"]),
}
OPTIONAL = {"sid", "cnf"}


def verify_token(token, jwks, issuer, now):
    """Verifies that Countersign issued a token, and returns its kind and claims."""
    try:
        header, claims = read_signed(token, jwks)
        kind = {"at+jwt": "elevated", "mfa+jwt": "mfa"}[header["typ"]]
        scoped = {"scope", "authorization_details"} & set(claims)
        present = [name for name in CLAIMS if name in claims or name not in OPTIONAL]
        known = len(token) <= 8192 and all(CLAIMS[name](claims[name]) for name in present)
        bound = claims.get("authorization_details", [{}])
        shaped = isinstance(bound, list) and len(bound) == 1 and isinstance(bound[0], dict)
        right = shaped and is_text(claims.get("scope")) if kind == "elevated" else not scoped
    except Exception:
        raise Refused("token_invalid")
    check(known and right and claims["iss"] == issuer, "token_invalid")
    check(claims["exp"] > now, "token_expired")
    return kind, claims


def check_use(kind, claims, rule, use, issuer, audience, now):
    """Checks whether a verified token is valid for a use. Only `consume` knows whether it was used."""
    check(claims["sub"] == use["subject"], "token_invalid")
    sessions = {claims.get("sid"), use.get("sessionId")} - {None}
    check(len(sessions) <= 1, "token_invalid")
    check(claims["aud"] == (issuer if kind == "mfa" else audience), "token_invalid")
    if kind == "mfa":
        takes = rule["acceptsMfaToken"] and rule["details"] != "required" and rule["acr"] != "phr"
        check(takes, "step_up_required")
    else:
        check(rule["scope"] in claims["scope"].split(" "), "scope_not_allowed")
        check(claims["singleUse"] or not rule["singleUse"], "step_up_required")
        if details := use.get("details"):
            check_details(details)
            details = {**details, "type": use["action"]}
        if bound := claims.get("authorization_details"):
            check(details and canonical(bound[0]) == canonical(details), "details_mismatch")
        else:
            check(rule["details"] != "required", "step_up_required")
    fresh = now - claims["auth_time"] <= rule["freshnessSeconds"]
    strong = ACRS.index(claims["acr"]) >= ACRS.index(rule["acr"])
    check(fresh and strong and ("cnf" in claims or not rule["dpop"]), "step_up_required")


def consume(url, environment, resource_key, call):
    """Consumes a token: `call` has token, action, subject and, as they apply, details, sessionId and dpop."""
    body = json.dumps(call).encode()
    headers = {"authorization": f"Bearer {resource_key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{url}/{environment}/v1/token/consume", body, headers)
    try:
        try:
            answer = urllib.request.urlopen(request, timeout=5)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            result = json.load(answer)
            accepted = answer.status == 200 and result.get("accepted") is True
    except (OSError, ValueError, AttributeError):
        raise Refused("unavailable")
    check(accepted, result.get("reason", "unavailable"))
    return result


def normalized(address):
    """Returns an address without query and fragment (RFC 3986, sections 6.2.2 and 6.2.3)."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an address")

    def unescape(match):
        letter = chr(int(match[1], 16))
        return letter if re.fullmatch(r"[A-Za-z0-9_.~-]", letter) else match[0].upper()

    path = re.sub(r"%([0-9A-Fa-f]{2})", unescape, parts.path) or "/"
    segments = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    if path.endswith(("/.", "/..")):
        segments.append("")
    usual = {"http": 80, "https": 443}[parts.scheme]
    port = usual if parts.port is None else parts.port
    return parts.scheme, parts.hostname, port, segments


def verify_proof(proof, method, url, now, token=None, jkt=None):
    """Verifies a DPoP proof (RFC 9449, section 4.3), and returns its thumbprint and claims."""
    try:
        check(len(proof) <= 4096 and COMPACT.fullmatch(proof), "jwt")
        header, claims = (parse(decode(part)) for part in proof.split(".")[:2])
        check(isinstance(header, dict) and isinstance(claims, dict), "jwt")
    except (ValueError, RecursionError):
        raise Refused("jwt")
    check("crit" not in header and "b64" not in header, "jwt")
    check(header.get("typ") == "dpop+jwt", "typ")
    check(is_text(header.get("alg")) and header["alg"] in KEYS, "alg")
    key = header.get("jwk")
    check(isinstance(key, dict) and "d" not in key and "k" not in key, "jwk")
    try:
        members = ("crv", "kty", "x", "y") if key["kty"] == "EC" else ("crv", "kty", "x")
        key = {name: key[name] for name in members}
        verify_signature(proof, key, header["alg"])
    except Exception:
        raise Refused("jwk")
    jti, iat, htu = claims.get("jti"), claims.get("iat"), claims.get("htu")
    check(is_text(jti) and len(jti.encode("utf-16-le", "surrogatepass")) <= 256, "jti")
    check(claims.get("htm") == method, "htm")
    try:
        check(normalized(htu) == normalized(url), "htu")
    except (ValueError, TypeError, AttributeError, KeyError):
        raise Refused("htu")
    number = isinstance(iat, (int, float)) and not isinstance(iat, bool)
    check(number and abs(now - iat) <= 60, "iat")
    check(token is None or claims.get("ath") == encode(sha256(token.encode())), "ath")
    thumbprint = encode(sha256(canonical(key).encode()))
    check(jkt is None or jkt == thumbprint, "key")
    return thumbprint, claims
