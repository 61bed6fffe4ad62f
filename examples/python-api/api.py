"""An API in Python that refunds after a step-up. `npm run hello -- --api python` starts it.

It signs people in, serves the page of examples/hello, and asks Countersign before it acts."""

import json
import os
import time
import uuid
from pathlib import Path

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import Body, Depends, FastAPI, Header
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles

PORT = int(os.environ.get("PORT", "3000"))
ISSUER = f"http://localhost:{PORT}"
AUTHORIZE = f"{os.environ['COUNTERSIGN_URL']}/hello/v1/action/authorize"
CREDENTIAL = {"authorization": f"Bearer {os.environ['RESOURCE_KEY']}"}
PAGE = Path(__file__).parent.parent / "hello" / "dist"

app = FastAPI()
countersign = httpx.AsyncClient(timeout=5)
key = ec.generate_private_key(ec.SECP256R1())
key_id = uuid.uuid4().hex


class Refused(Exception):
    """A refusal, as problem details (RFC 9457)."""

    def __init__(self, status, problem, headers=None):
        self.status, self.problem, self.headers = status, problem, headers


@app.exception_handler(Refused)
async def refuse(_request, refused):
    body = {**refused.problem, "status": refused.status}
    headers = {"cache-control": "no-store", **(refused.headers or {})}
    return JSONResponse(body, refused.status, headers, "application/problem+json")


# What the caller can do something about. Everything else is a 503.
STATUS = {"input_invalid": 400, "token_invalid": 401, "denied": 403, "unknown_action": 404}


def refusal(problem):
    """Returns the answer to the caller for a refusal by Countersign."""
    reason = problem.get("reason")
    if "wwwAuthenticate" in problem:  # A step-up helps (RFC 9470).
        return Refused(401, problem, {"www-authenticate": problem["wwwAuthenticate"]})
    if reason in STATUS:
        challenge = {"www-authenticate": 'Bearer error="invalid_token"'}
        return Refused(STATUS[reason], problem, challenge if STATUS[reason] == 401 else None)
    return Refused(503, {"reason": "unavailable"}, {"retry-after": "2"})


async def ask(call):
    """Asks Countersign, and once more with the same idempotency key if the reply was lost."""
    for last in (False, True):
        try:
            answer = await countersign.post(AUTHORIZE, headers=CREDENTIAL, json=call)
            return answer.status_code, answer.json()
        except (httpx.TransportError, ValueError):
            if last:
                return 503, {}


def user(authorization: str = Header("")):
    """Returns the claims of the application's own session, never those of the elevated token."""
    try:
        token = authorization.removeprefix("Bearer ")
        return jwt.decode(token, key.public_key(), ["ES256"], issuer=ISSUER, audience="hello")
    except jwt.PyJWTError:
        raise Refused(401, {"reason": "unauthenticated"}, {"www-authenticate": "Bearer"})


def step_up(action):
    """Makes an endpoint run only if the action may run now, for this user and this body."""

    async def authorize(
        details: dict = Body(...),
        session: dict = Depends(user),
        countersign_token: str = Header(None),
    ):
        call = {
            "action": action,
            "subject": session["sub"],
            "sessionId": session["sid"],
            "details": details,
            "idempotencyKey": uuid.uuid4().hex,
        }
        if countersign_token:
            call["token"] = countersign_token
        status, answer = await ask(call)
        if status != 200 or answer.get("authorized") is not True:
            raise refusal(answer)
        return details

    return authorize


@app.post("/refund")
async def refund(details: dict = Depends(step_up("order.refund"))):
    return {"refunded": details}


@app.post("/sign-in", response_class=PlainTextResponse)
def sign_in(name: str = Body(..., embed=True)):
    """Signs anybody in, for the example. Your application has a login already."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "hello", "sub": name, "sid": uuid.uuid4().hex}
    times = {"auth_time": now, "exp": now + 3600}
    return jwt.encode({**claims, **times}, key, "ES256", {"kid": key_id})


@app.get("/jwks.json")
def key_set():
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return {"keys": [{**public, "alg": "ES256", "kid": key_id}]}


if PAGE.is_dir():
    app.mount("/", StaticFiles(directory=PAGE, html=True))
if __name__ == "__main__":
    print(f"Open {ISSUER}", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
