"""Canonical JSON (RFC 8785), and the hashes that Countersign makes of it."""

import base64
import hashlib
import json
import struct
from decimal import Decimal


class Refused(Exception):
    """A refusal. `reason` is its only argument."""


def check(condition, reason):
    if not condition:
        raise Refused(reason)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def strict(text):
    data = decode(text)
    check(encode(data) == text, "form")
    return data


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hash_parts(*parts):
    return sha256(*(piece for part in parts for piece in (struct.pack(">I", len(part)), part)))


def parse(data):
    """Parses JSON, and refuses what only Python accepts."""

    def refuse(_):
        raise ValueError("not JSON")

    return json.loads(data.decode(), parse_constant=refuse)


def number_text(value):
    """Returns a number as ECMAScript writes it (RFC 8785, section 3.2.2.3)."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + exponent
    if 0 < point <= 21:
        text = text[:point].ljust(point, "0") + ("." + text[point:] if text[point:] else "")
    elif -6 < point <= 0:
        text = "0." + "0" * -point + text
    else:
        text = f"{text[0]}{'.' + text[1:] if text[1:] else ''}e{point - 1:+d}"
    return "-" * sign + text


def canonical(value):
    """Returns the canonical JSON text (RFC 8785)."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False)


def check_details(details):
    """Refuses details that cannot be bound: with a type, ambiguous, too deep or too long."""

    def visit(value, depth):
        check(depth <= 14, "input_invalid")
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, (dict, list)):
            for name, member in value.items() if isinstance(value, dict) else enumerate(value):
                check(name != "__proto__", "input_invalid")
                str(name).encode()
                visit(member, depth + 1)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            check(value % 1 or abs(value) < 2**53, "input_invalid")

    try:
        check(isinstance(details, dict) and "type" not in details, "input_invalid")
        visit(details, 1)
        check(len(canonical(details).encode()) <= 2048, "input_invalid")
    except UnicodeEncodeError:
        raise Refused("input_invalid")


def commit_to(details, action, salt):
    """Returns the salted hash of details."""
    parts = (b"countersign/details/v2", action.encode(), salt, canonical(details).encode())
    return encode(hash_parts(*parts))


def challenge_of(statement):
    """Returns the challenge that a passkey signs for a statement."""
    signed = {name: statement[name] for name in statement if name not in ("action", "salt")}
    if "action" in statement:
        salt = strict(statement["salt"])
        signed["details"] = commit_to(statement["details"], statement["action"], salt)
    return encode(sha256(b"countersign/webauthn/v2", canonical(signed).encode()))
