"""Prints what examples/python says about each case of conformance/vectors.json, as JSON lines."""

import json
import sys

from countersign import (
    Refused,
    challenge_of,
    check,
    check_use,
    commit_to,
    text_of,
    verify_checkpoint,
    verify_receipt,
    verify_token,
)
from dpop import verify_proof


def check_token(keys, now, token, issuer, audience, rule, use):
    check_use(verify_token(token, keys["tokens"], issuer, now), rule, use, issuer, audience, now)


def check_details(keys, now, details, action, salt, text, hash):
    check(text_of(details).decode() == text, "canonical")
    check(commit_to(details, action, salt) == hash, "hash")


def check_statement(keys, now, statement, challenge):
    check(challenge_of(statement) == challenge, "challenge")


CHECKS = {
    "token": check_token,
    "proof": lambda keys, now, **proof: verify_proof(**proof, now=now),
    "receipt": lambda keys, now, **given: verify_receipt(**given, jwks=keys["receipts"]),
    "checkpoint": lambda keys, now, **given: verify_checkpoint(**given, jwks=keys["receipts"]),
    "statement": check_statement,
    "details": check_details,
}

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
for vector in document["vectors"]:
    reason = None
    try:
        CHECKS[vector["kind"]](document["keys"], vector["now"], **vector["input"])
    except Refused as refused:
        reason = str(refused)
    named = {name: vector[name] for name in ("kind", "name")}
    print(json.dumps({**named, "verdict": "invalid" if reason else "valid", "reason": reason}))
