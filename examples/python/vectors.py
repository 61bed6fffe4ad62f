"""Prints the verdict and reason for each case of a file of vectors, as JSON lines.

python3 vectors.py ../../conformance/vectors.json"""

import json
import sys

from canonical import Refused, canonical, challenge_of, check, check_details, commit_to, strict
from countersign import check_use, verify_proof, verify_token
from receipts import verify_checkpoint, verify_receipt


def run(vector, keys):
    """Checks one vector. Raises `Refused` if it is not valid."""
    kind, now, given = vector["kind"], vector["now"], vector["input"]
    if kind == "token":
        place = {"issuer": given["issuer"], "now": now}
        found = verify_token(given["token"], keys["tokens"], **place)
        check_use(*found, given["rule"], given["use"], audience=given["audience"], **place)
    elif kind == "proof":
        verify_proof(**given, now=now)
    elif kind == "receipt":
        verify_receipt(**given, jwks=keys["receipts"])
    elif kind == "checkpoint":
        verify_checkpoint(**given, jwks=keys["receipts"])
    elif kind == "statement":
        check(challenge_of(given["statement"]) == given["challenge"], "challenge")
    else:
        check_details(given["details"])
        check(canonical(given["details"]) == given["text"], "canonical")
        own = commit_to(given["details"], given["action"], strict(given["salt"]))
        check(own == given["hash"], "hash")


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    for vector in document["vectors"]:
        reason = None
        try:
            run(vector, document["keys"])
        except Refused as refused:
            reason = str(refused)
        verdict = "invalid" if reason else "valid"
        print(json.dumps({"kind": vector["kind"], "name": vector["name"], "verdict": verdict, "reason": reason}))
