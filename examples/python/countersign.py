"""Verifies what Countersign signs, with PyJWT and cryptography, and consumes tokens over HTTP.

Functions raise `Refused` with a reason of conformance/README.md, which lists the checks in their order.
dpop.py verifies the proofs of tokens that are bound to a key."""

import contextlib
import hashlib
import json
import re
import urllib.error
import urllib.request
from decimal import Decimal

from jwt.algorithms import get_default_algorithms
from jwt.utils import base64url_decode, base64url_encode, der_to_raw_signature

ACRS = ["recovery", "mfa", "phr"]
ALGORITHMS = get_default_algorithms()
ALGORITHMS["Ed25519"] = ALGORITHMS["EdDSA"]

class Refused(Exception):
    """A refusal. Its only argument is the reason."""

def check(condition, reason=None):
    if not condition:
        raise Refused(reason) if reason else ValueError

@contextlib.contextmanager
def refusing(reason):
    """Refuses with `reason` where the code inside raises any other error."""
    try:
        yield
    except Refused:
        raise
    except Exception:
        raise Refused(reason)

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def encode(data):
    return base64url_encode(data).decode()

def strict(text):
    data = base64url_decode(text)
    check(encode(data) == text)
    return data

def without(members, *names):
    return {name: value for name, value in members.items() if name not in names}

def parse(data):
    """Parses JSON, and refuses NaN and Infinity, which only Python accepts."""
    return json.loads(data.decode(), parse_constant=lambda _: check(False))

def canonical(value, depth=1):
    """Returns the canonical JSON text (RFC 8785). Raises for what Countersign does not sign."""
    check(depth <= 14)
    if isinstance(value, dict):
        check("__proto__" not in value)
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        members = (f"{canonical(name)}:{canonical(value[name], depth + 1)}" for name in names)
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(member, depth + 1) for member in value) + "]"
    if type(value) not in (int, float):
        return json.dumps(value, ensure_ascii=False)
    check(value % 1 or abs(value) < 2**53)
    text = repr(float(value)) if value else "0"
    return format(Decimal(text).normalize(), "f") if abs(value) >= 1e-6 else text.replace("e-0", "e-")

def text_of(details):
    """Returns the canonical text of details that can be bound, in UTF-8."""
    with refusing("input_invalid"):
        text = canonical(details).encode()
        check(isinstance(details, dict) and "type" not in details and len(text) <= 2048)
        return text

def commit_to(details, action, salt):
    """Returns the salted hash of details."""
    parts = (b"countersign/details/v2", action.encode(), strict(salt), text_of(details))
    return encode(sha256(*(piece for part in parts for piece in (len(part).to_bytes(4, "big"), part))))

def challenge_of(statement):
    """Returns the challenge that a passkey signs for a statement."""
    signed = without(statement, "action", "salt")
    if "action" in statement:
        signed["details"] = commit_to(statement["details"], statement["action"], statement["salt"])
    return encode(sha256(b"countersign/webauthn/v2", canonical(signed).encode()))

def read(text):
    """Returns header and payload of a compact JWS (RFC 7515, section 7.1), without verifying it."""
    check(re.fullmatch(r"([\w-]+\.){2}[\w-]+", text, re.ASCII))
    header, payload = (parse(base64url_decode(part)) for part in text.split(".")[:2])
    check(isinstance(header, dict) and isinstance(payload, dict) and not {"crit", "b64"} & set(header))
    return header, payload

def verify_signature(text, key, algorithm):
    """Verifies the signature of a compact JWS."""
    signed, signature = text.rsplit(".", 1)
    known = ALGORITHMS[algorithm]
    check(known.verify(signed.encode(), known.from_jwk(json.dumps(key)), base64url_decode(signature)))

def read_signed(text, jwks, *types):
    """Verifies a compact JWS of one of these types with a key set, and returns its header and payload."""
    header, payload = read(text)
    check(header["alg"] == "ES256" and header["typ"] in types)
    verify_signature(text, next(key for key in jwks["keys"] if key["kid"] == header["kid"]), "ES256")
    return header, payload

def is_text(value):
    return isinstance(value, str) and value != ""

def is_count(value, most=2**53 - 1):
    return type(value) in (int, float) and 0 <= value <= most and value % 1 == 0

CLAIMS = {
    **dict.fromkeys(("iss", "sub", "aud", "client_id", "sid", "scope"), is_text),
    **dict.fromkeys(("iat", "exp", "auth_time"), lambda value: is_count(value, 4102444800)),
    "jti": re.compile(r"[\w-]{22,64}", re.ASCII).fullmatch,
    "amr": lambda amr: isinstance(amr, list) and amr and all(map(is_text, amr)),
    "acr": lambda acr: acr in ACRS,
    "singleUse": lambda flag: isinstance(flag, bool),
    "epoch": is_count,
    "cnf": lambda cnf: is_text(cnf["jkt"]),
    "authorization_details": lambda bound: isinstance(bound, list) and [type(one) for one in bound] == [dict],
}
REQUIRED = set(CLAIMS) - {"sid", "cnf", "authorization_details", "scope"}

def verify_token(token, jwks, issuer, now):
    """Verifies that Countersign issued a token, and returns its claims. Elevated tokens have a `scope`."""
    with refusing("token_invalid"):
        header, claims = read_signed(token, jwks, "at+jwt", "mfa+jwt")
        check(len(token) <= 8192 and REQUIRED <= set(claims))
        check(all(is_valid(claims[name]) for name, is_valid in CLAIMS.items() if name in claims))
        scoped = {"scope", "authorization_details"} & set(claims)
        check(("scope" in scoped if header["typ"] == "at+jwt" else not scoped) and claims["iss"] == issuer)
    check(claims["exp"] > now, "token_expired")
    return claims

def check_use(claims, rule, use, issuer, audience, now):
    """Checks whether a verified token is valid for a use. Only `consume` knows whether it was used."""
    sessions = {claims.get("sid"), use.get("sessionId")} - {None}
    check(claims["sub"] == use["subject"] and len(sessions) <= 1, "token_invalid")
    check(claims["aud"] == (audience if "scope" in claims else issuer), "token_invalid")
    if "scope" not in claims:
        takes = rule["acceptsMfaToken"] and rule["details"] != "required" and rule["acr"] != "phr"
        check(takes, "step_up_required")
    else:
        check(rule["scope"] in claims["scope"].split(" "), "scope_not_allowed")
        check(claims["singleUse"] or not rule["singleUse"], "step_up_required")
        details, bound = use.get("details"), claims.get("authorization_details")
        wanted = details and text_of(details) and canonical({**details, "type": use["action"]})
        check(not bound or canonical(bound[0]) == wanted, "details_mismatch")
        check(bound or rule["details"] != "required", "step_up_required")
    fresh = now - claims["auth_time"] <= rule["freshnessSeconds"]
    strong = ACRS.index(claims["acr"]) >= ACRS.index(rule["acr"])
    check(fresh and strong and ("cnf" in claims or not rule["dpop"]), "step_up_required")

def consume(url, environment, resource_key, call):
    """Consumes a token: `call` has token, action, subject and, as they apply, details, sessionId and dpop."""
    headers = {"authorization": f"Bearer {resource_key}", "content-type": "application/json"}
    address = f"{url}/{environment}/v1/token/consume"
    request = urllib.request.Request(address, json.dumps(call).encode(), headers)
    with refusing("unavailable"):
        try:
            answer = urllib.request.urlopen(request, timeout=5)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            result = json.load(answer)
        check(answer.status == 200 and result.get("accepted") is True, result.get("reason"))
        return result

def verify_checkpoint(checkpoint, jwks, chain):
    """Verifies a checkpoint of a chain, which `iss` and `sub` or `environment` name. Returns its end."""
    with refusing("checkpoint"):
        claims = read_signed(checkpoint, jwks, "countersign-checkpoint+jwt")[1]
        strict(checkpoint.rsplit(".", 1)[1])
        position, head, iat = (claims.pop(name) for name in ("position", "head", "iat"))
        check(claims == chain and is_count(position) and is_text(head) and is_count(iat))
        return position, head

def check_chain(events, digests, end):
    """Hashes a chain from its first event over the digests to its last one, and compares the end."""
    check(len(events) == 2 or len(events) == 1 and not digests)
    head = events[0]["previous"]
    for position, link in enumerate([events[0], *digests, *events[1:]], events[0]["seq"]):
        if isinstance(link, dict):
            check((link["seq"], link["previous"]) == (position, head))
            hashed = canonical({name: link[name] for name in ("seq", "at", "type", "actor", "data")})
            digest = sha256(hashed.encode(), bytes.fromhex(link["salt"]))
        else:
            digest = bytes.fromhex(link)
        head = sha256(b"countersign/event/v1", bytes.fromhex(head), digest).hex()
        check(isinstance(link, str) or link["hash"] == head)
    check(end == (position, head))

def check_events(receipt):
    """Compares a receipt with its events: the step-up, and what consumed the token if anything did."""
    token, (first, *rest) = receipt["token"], receipt["chain"]["events"]
    check((first["type"], first["at"]) == ("step_up.passed", token["issuedAt"]))
    check(without(first["data"], "country", "tokens") == without(receipt["proofs"][0], "passkey"))
    issued = next(one for one in first["data"]["tokens"] if one["jti"] == token["jti"])
    members = ("jti", "kind", "scopes", "singleUse", "jkt")
    check(without(issued, "detailsHash") == {name: token[name] for name in members if name in token})
    uses = [{"at": one["at"], "by": one["actor"], "position": one["seq"]} for one in rest]
    check(receipt.get("consumed") == (uses[0] if uses else None))
    check(all(one["data"]["jti"] == token["jti"] for one in rest))

def check_passkey(passkey, receipt):
    """Verifies that the passkey signed what the receipt says (WebAuthn, section 7.2)."""
    said, token = passkey["statement"], receipt["token"]
    check((said["iss"], said["sub"], said["purpose"]) == (receipt["iss"], receipt["sub"], "step_up"))
    stated = " ".join(token["scopes"]), receipt.get("details", {}).get("hash")
    check(token["kind"] == "mfa" or (said["scope"], said.get("details")) == stated)
    members = ("clientDataJSON", "authenticatorData", "signature")
    client_bytes, data, signature = (strict(passkey[name]) for name in members)
    client = parse(client_bytes)
    check((client["type"], client["challenge"]) == ("webauthn.get", challenge_of(said)))
    check(not client.get("crossOrigin") and "topOrigin" not in client)
    check(data[:32] == sha256(passkey["rpId"].encode()) and data[32] & 5 == 5 and len(data) >= 37)
    algorithm = passkey["publicKey"]["alg"]
    check(algorithm in ("ES256", "EdDSA", "RS256"))
    key = ALGORITHMS[algorithm].from_jwk(json.dumps(passkey["publicKey"]))
    raw = der_to_raw_signature(signature, key.curve) if algorithm == "ES256" else signature
    check(ALGORITHMS[algorithm].verify(data + sha256(client_bytes), key, raw))

def verify_receipt(receipt, jwks, details=None):
    """Verifies a receipt, and the details that it must be about if they are given."""
    with refusing("form"):
        header, signature = re.fullmatch(r"([\w-]+)\.\.([\w-]+)", receipt["signature"], re.ASCII).groups()
        check(receipt["v"] == 1)
        payload = encode(canonical(without(receipt, "signature")).encode())
    with refusing("signature"):
        read_signed(f"{header}.{payload}.{signature}", jwks, "countersign-receipt+jws")
        strict(signature)
    chain = receipt["chain"]
    end = verify_checkpoint(chain["checkpoint"], jwks, {"iss": receipt["iss"], "sub": receipt["sub"]})
    with refusing("chain"):
        check_chain(chain["events"], chain["digests"], end)
    with refusing("events"):
        check_events(receipt)
    with refusing("credential"):
        if "passkey" in receipt["proofs"][0]:
            check_passkey(receipt["proofs"][0]["passkey"], receipt)
    with refusing("details"):
        bound = receipt.get("details")
        check(details is None or commit_to(details, bound["action"], bound["salt"]) == bound["hash"])
