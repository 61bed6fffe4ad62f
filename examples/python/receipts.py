"""Verifies receipts and checkpoints of Countersign, with PyJWT and cryptography."""

import json
import re

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from canonical import (
    Refused,
    canonical,
    challenge_of,
    check,
    commit_to,
    decode,
    encode,
    parse,
    sha256,
    strict,
)
from countersign import ALGORITHMS, is_count, read_signed


def read_by_receipt_key(text, jwks, kind):
    header, payload = read_signed(text, jwks)
    signature = text.rsplit(".", 1)[1]
    if header.get("typ") != kind or encode(decode(signature)) != signature:
        raise ValueError("another type, or spare bits")
    return payload


def verify_checkpoint(checkpoint, jwks, chain):
    """Verifies a checkpoint of a chain, named by `iss` and `sub` or `environment`. Returns its position and head."""
    try:
        claims = read_by_receipt_key(checkpoint, jwks, "countersign-checkpoint+jwt")
        names = {name: claims[name] for name in ("iss", "sub", "environment") if name in claims}
        known = set(claims) == set(chain) | {"position", "head", "iat"} and names == chain
        check(known and is_count(claims["position"]), "checkpoint")
        check(isinstance(claims["head"], str) and isinstance(claims["iat"], int), "checkpoint")
        return claims["position"], claims["head"]
    except Exception:
        raise Refused("checkpoint")


def check_chain(receipt, jwks):
    chain = receipt["chain"]
    try:
        claims = read_by_receipt_key(chain["checkpoint"], jwks, "countersign-checkpoint+jwt")
        check((claims.get("iss"), claims.get("sub")) == (receipt["iss"], receipt["sub"]), "checkpoint")
    except Exception:
        raise Refused("checkpoint")

    def digest(event):
        hashed = {name: event[name] for name in ("seq", "at", "type", "actor", "data")}
        return sha256(canonical(hashed).encode(), bytes.fromhex(event["salt"]))

    def link(previous, digest):
        return sha256(b"countersign/event/v1", bytes.fromhex(previous), digest).hex()

    events, digests = chain["events"], chain["digests"]
    check(events and all(events) and len(events) <= 2, "chain")
    check(len(events) == 2 or not digests, "chain")
    head = link(events[0]["previous"], digest(events[0]))
    check(head == events[0]["hash"], "chain")
    for between in digests:
        head = link(head, bytes.fromhex(between))
    if len(events) == 2:
        used = events[1]
        check(used["previous"] == head and used["seq"] == events[0]["seq"] + len(digests) + 1, "chain")
        head = link(head, digest(used))
        check(head == used["hash"], "chain")
    check((claims.get("position"), claims.get("head")) == (events[-1]["seq"], head), "chain")


def check_events(receipt):
    token, events = receipt["token"], receipt["chain"]["events"]
    check(receipt["proofs"], "events")
    proof = {name: member for name, member in receipt["proofs"][0].items() if name != "passkey"}
    data = {name: member for name, member in events[0]["data"].items() if name != "country"}
    listed = next((one for one in data.pop("tokens") if one["jti"] == token["jti"]), {})
    about = {name: member for name, member in listed.items() if name != "detailsHash"}
    members = ("jti", "kind", "scopes", "singleUse", "jkt")
    check(events[0]["type"] == "step_up.passed" and events[0]["at"] == token["issuedAt"], "events")
    check(about == {name: token[name] for name in members if name in token}, "events")
    check(data == proof, "events")
    consumed = None
    for used in events[1:]:
        check(used["data"].get("jti") == token["jti"], "events")
        consumed = {"at": used["at"], "by": used["actor"], "position": used["seq"]}
    check(receipt.get("consumed") == consumed, "events")


def check_passkey(passkey, receipt):
    said, token = passkey["statement"], receipt["token"]
    check((said["iss"], said["sub"], said["purpose"]) == (receipt["iss"], receipt["sub"], "step_up"), "credential")
    if token["kind"] != "mfa":
        details = receipt.get("details", {}).get("hash")
        check((said["scope"], said.get("details")) == (" ".join(token["scopes"]), details), "credential")
    client_bytes, data = strict(passkey["clientDataJSON"]), strict(passkey["authenticatorData"])
    client = parse(client_bytes)
    right = client["type"] == "webauthn.get" and client["challenge"] == challenge_of(said)
    check(right and not client.get("crossOrigin") and "topOrigin" not in client, "credential")
    check(data[:32] == sha256(passkey["rpId"].encode()) and len(data) >= 37 and data[32] & 5 == 5, "credential")
    key = passkey["publicKey"]
    public = ALGORITHMS[key["alg"]].from_jwk(json.dumps(key))
    arguments = {"ES256": [ec.ECDSA(hashes.SHA256())], "EdDSA": [], "RS256": [padding.PKCS1v15(), hashes.SHA256()]}
    public.verify(strict(passkey["signature"]), data + sha256(client_bytes), *arguments[key["alg"]])


def verify_receipt(receipt, jwks, details=None):
    """Verifies a receipt, and the details that it must be about if they are given."""
    try:
        check(isinstance(receipt, dict) and receipt.get("v") == 1, "form")
        parts = re.fullmatch(r"([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)", str(receipt.get("signature")))
        check(parts, "form")
        signed = {name: receipt[name] for name in receipt if name != "signature"}
        payload = encode(canonical(signed).encode())
        try:
            read_by_receipt_key(f"{parts[1]}.{payload}.{parts[2]}", jwks, "countersign-receipt+jws")
        except Exception:
            raise Refused("signature")
        check_chain(receipt, jwks)
        check_events(receipt)
        if passkey := receipt["proofs"][0].get("passkey"):
            try:
                check_passkey(passkey, receipt)
            except Exception:
                raise Refused("credential")
        if details is not None:
            bound = receipt.get("details")
            check(bound, "details")
            check(commit_to(details, bound["action"], strict(bound["salt"])) == bound["hash"], "details")
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Refused("form")
