"""The peers of peers.test.ts that are Python's: python-fido2 (0.9) and PyJWT. One command a run: JSON
comes in, JSON goes out. What a library refuses is answered with its error."""

import json
import sys
import time


def fido2():
    """The two halves of WebAuthn, as python-fido2 has them: relying party and client."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from fido2 import webauthn
    from fido2.client import ClientData
    from fido2.cose import ES256
    from fido2.ctap2 import AttestationObject, AttestedCredentialData, AuthenticatorData
    from fido2.server import Fido2Server
    from fido2.utils import sha256, websafe_decode, websafe_encode

    flags = AuthenticatorData.FLAG
    proven = flags.USER_PRESENT | flags.USER_VERIFIED

    def level1(members):
        """Without what later levels of WebAuthn added; any other member unknown to it is an error."""
        later = ("hints", "extensions", "residentKey")
        return {name: value for name, value in members.items() if name not in later}

    def descriptors(listed):
        return [{**one, "id": websafe_decode(one["id"])} for one in listed or []]

    def creation(options):
        known = level1(options)
        known["authenticatorSelection"] = level1(options["authenticatorSelection"])
        known["challenge"] = websafe_decode(options["challenge"])
        known["user"] = {**options["user"], "id": websafe_decode(options["user"]["id"])}
        known["excludeCredentials"] = descriptors(options.get("excludeCredentials"))
        return webauthn.PublicKeyCredentialCreationOptions._wrap(known)

    def request(options):
        known = level1(options)
        known["challenge"] = websafe_decode(options["challenge"])
        known["allowCredentials"] = descriptors(options.get("allowCredentials"))
        return webauthn.PublicKeyCredentialRequestOptions._wrap(known)

    def state(options, user_verification):
        return {
            "challenge": websafe_encode(options.challenge),
            "user_verification": user_verification,
        }

    def registered(asked, response):
        options = creation(asked)
        attestation = AttestationObject(websafe_decode(response["response"]["attestationObject"]))
        client = ClientData(websafe_decode(response["response"]["clientDataJSON"]))
        wanted = options.authenticator_selection.user_verification
        data = Fido2Server(options.rp).register_complete(state(options, wanted), client, attestation)
        parameters = [p.alg for p in options.pub_key_cred_params]
        if data.credential_data.public_key[3] not in parameters:
            raise ValueError("this algorithm was not asked for")
        return options, data.credential_data

    def verify(creationOptions, registration, requestOptions, authentications):
        made, credential = registered(creationOptions, registration)
        options = request(requestOptions)

        def one(authentication):
            answer = authentication["response"]
            try:
                Fido2Server(made.rp).authenticate_complete(
                    state(options, options.user_verification),
                    [credential],
                    websafe_decode(authentication["id"]),
                    ClientData(websafe_decode(answer["clientDataJSON"])),
                    AuthenticatorData(websafe_decode(answer["authenticatorData"])),
                    websafe_decode(answer["signature"]),
                )
                return "verified"
            except ValueError as error:
                return str(error)

        return {
            "credentialId": websafe_encode(credential.credential_id),
            "allowed": [websafe_encode(one.id) for one in options.allow_credentials],
            "userVerification": [
                made.authenticator_selection.user_verification,
                options.user_verification,
            ],
            "authentications": [one(authentication) for authentication in authentications],
        }

    def posted(credential_id, kind, options, origin, members):
        client = ClientData.build(
            type=kind, challenge=websafe_encode(options.challenge), origin=origin
        )
        return client, {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {"clientDataJSON": websafe_encode(client), **members},
        }

    def register(creationOptions, origin):
        options = creation(creationOptions)
        key = ec.generate_private_key(ec.SECP256R1())
        raw_id = sha256(options.challenge)
        credential = AttestedCredentialData.create(
            bytes(16), raw_id, ES256.from_cryptography_key(key.public_key())
        )
        data = AuthenticatorData.create(
            sha256(options.rp.id.encode()), proven | flags.ATTESTED, 0, credential
        )
        attestation = websafe_encode(AttestationObject.create("none", data, {}).with_string_keys())
        members = {"attestationObject": attestation, "transports": ["usb"]}
        _, response = posted(
            websafe_encode(raw_id), "webauthn.create", options, origin, members
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {"response": response, "key": pem.decode()}

    def authenticate(requestOptions, origin, key, counter):
        options = request(requestOptions)
        private = serialization.load_pem_private_key(key.encode(), None)
        data = AuthenticatorData.create(sha256(options.rp_id.encode()), proven, counter)
        credential_id = websafe_encode(options.allow_credentials[0].id)
        members = {"authenticatorData": websafe_encode(data)}
        client, response = posted(credential_id, "webauthn.get", options, origin, members)
        signature = private.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        response["response"]["signature"] = websafe_encode(signature)
        return {"response": response}

    return {"verify": verify, "register": register, "authenticate": authenticate}


def jwt():
    """Tokens, as PyJWT verifies and signs them."""
    import jwt as pyjwt
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

    makers = {
        "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
        "ES384": (lambda: ec.generate_private_key(ec.SECP384R1()), ECAlgorithm),
        "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
        "PS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
        "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
    }

    def verify(keySet, tries):
        keys = {key.key_id: key.key for key in pyjwt.PyJWKSet.from_dict(keySet).keys}

        def one(token, issuer, audience, later=0):
            try:
                header = pyjwt.get_unverified_header(token)
                claims = pyjwt.decode(
                    token,
                    keys[header["kid"]],
                    algorithms=["ES256"],
                    issuer=issuer,
                    audience=audience,
                    leeway=-later,
                    options={
                        "require": ["exp", "iat", "iss", "aud", "sub", "jti"],
                        "verify_iat": later == 0,
                    },
                )
                return {"header": header, "claims": claims}
            except pyjwt.PyJWTError as error:
                return type(error).__name__

        return {"answers": [one(**each) for each in tries]}

    def sign(claims):
        at = int(time.time())
        claims = {"iat": at, "exp": at + 3600, "auth_time": at, **claims}
        keys, tokens = [], {}
        for alg, (make, family) in makers.items():
            private = make()
            public = json.loads(family.to_jwk(private.public_key()))
            public.pop("key_ops", None)
            keys.append({**public, "kid": alg, "alg": alg, "use": "sig"})
            tokens[alg] = pyjwt.encode(claims, private, alg, headers={"kid": alg})
        tokens["HS256"] = pyjwt.encode(claims, keys[0]["x"], "HS256", headers={"kid": "ES256"})
        tokens["none"] = pyjwt.encode(claims, None, "none", headers={"kid": "ES256"})
        return {"keySet": {"keys": keys}, "tokens": tokens}

    return {"verify": verify, "sign": sign}


peer, command = sys.argv[1:]
json.dump({"fido2": fido2, "jwt": jwt}[peer]()[command](**json.load(sys.stdin)), sys.stdout)
