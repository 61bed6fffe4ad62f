// Verifies receipts and checkpoints.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"math/big"
	"regexp"
	"strings"
)

var (
	detached       = regexp.MustCompile(`^([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]+)$`)
	checkpointType = "countersign-checkpoint+jwt"
)

// within returns a member of a member.
func within(value any, names ...string) any {
	for _, name := range names {
		holder, _ := value.(object)
		value = holder[name]
	}
	return value
}

func list(value any) []any {
	found, _ := value.([]any)
	return found
}

func same(one, other any) bool { return canonical(one) == canonical(other) }

// pick returns some members of an object.
func pick(holder object, names ...string) object {
	picked := object{}
	for _, name := range names {
		if member, found := holder[name]; found {
			picked[name] = member
		}
	}
	return picked
}

// omit returns an object without some members.
func omit(holder object, names ...string) object {
	kept := object{}
	for name, member := range holder {
		if !strings.Contains(" "+strings.Join(names, " ")+" ", " "+name+" ") {
			kept[name] = member
		}
	}
	return kept
}

func readByReceiptKey(jws string, jwks object, typ string) (object, error) {
	header, payload, err := readSigned(jws, jwks)
	if err == nil && header["typ"] != typ {
		err = errFault
	}
	if err == nil {
		_, err = strict(jws[strings.LastIndex(jws, ".")+1:])
	}
	return payload, err
}

// VerifyCheckpoint verifies a checkpoint of a chain, named by iss and sub or environment. Returns its claims.
func VerifyCheckpoint(checkpoint string, jwks, chain object) (object, error) {
	claims, err := readByReceiptKey(checkpoint, jwks, checkpointType)
	_, isText := claims["head"].(string)
	holds := err == nil && isCount(claims["position"]) && isCount(claims["iat"]) && isText
	return claims, check(holds && same(omit(claims, "position", "head", "iat"), chain), "checkpoint")
}

// VerifyReceipt verifies a receipt, and the details that it must be about if they are not nil.
func VerifyReceipt(receipt, jwks, details object) error {
	parts := detached.FindStringSubmatch(text(receipt["signature"]))
	if parts == nil || receipt["v"] != 1.0 {
		return Reason("form")
	}
	payload := encode([]byte(canonical(omit(receipt, "signature"))))
	_, err := readByReceiptKey(parts[1]+"."+payload+"."+parts[2], jwks, "countersign-receipt+jws")
	if err != nil {
		return Reason("signature")
	}
	claims, err := readByReceiptKey(text(within(receipt, "chain", "checkpoint")), jwks, checkpointType)
	if err != nil || claims["iss"] != receipt["iss"] || claims["sub"] != receipt["sub"] {
		return Reason("checkpoint")
	}
	proof := object{}
	if proofs := list(receipt["proofs"]); len(proofs) > 0 {
		proof, _ = proofs[0].(object)
	}
	passkey, isSigned := proof["passkey"].(object)
	return first(
		check(chainHolds(receipt, claims), "chain"),
		check(eventsHold(receipt, omit(proof, "passkey")), "events"),
		check(!isSigned || passkeyHolds(passkey, receipt), "credential"),
		check(details == nil || detailsHold(receipt, details), "details"),
	)
}

func detailsHold(receipt, details object) bool {
	bound, found := receipt["details"].(object)
	return found && CommitTo(details, text(bound["action"]), text(bound["salt"])) == bound["hash"]
}

func link(previous string, digest []byte) string {
	bytes, _ := hex.DecodeString(previous)
	return hex.EncodeToString(hash([]byte("countersign/event/v1"), bytes, digest))
}

func digestOf(event object) []byte {
	salt, _ := hex.DecodeString(text(event["salt"]))
	return hash([]byte(canonical(pick(event, "seq", "at", "type", "actor", "data"))), salt)
}

// events returns the event of the step-up, and the one that consumed the token or nil.
func events(receipt object) (issued, used object) {
	all := list(within(receipt, "chain", "events"))
	if len(all) > 0 {
		issued, _ = all[0].(object)
	}
	if len(all) == 2 {
		used, _ = all[1].(object)
	}
	return issued, used
}

func chainHolds(receipt, checkpoint object) bool {
	issued, used := events(receipt)
	count := len(list(within(receipt, "chain", "events")))
	digests := list(within(receipt, "chain", "digests"))
	head := link(text(issued["previous"]), digestOf(issued))
	isWhole := count == 2 && used != nil || count == 1 && len(digests) == 0
	if head != issued["hash"] || !isWhole {
		return false
	}
	for _, digest := range digests {
		bytes, _ := hex.DecodeString(text(digest))
		head = link(head, bytes)
	}
	last := issued
	if used != nil {
		before, _ := issued["seq"].(float64)
		if used["previous"] != head || used["seq"] != before+float64(len(digests))+1 {
			return false
		}
		head = link(head, digestOf(used))
		last = used
	}
	return last["hash"] == head && checkpoint["head"] == head && checkpoint["position"] == last["seq"]
}

func eventsHold(receipt, proof object) bool {
	issued, used := events(receipt)
	token, _ := receipt["token"].(object)
	data, _ := issued["data"].(object)
	listed := object{}
	for _, one := range list(data["tokens"]) {
		if within(one, "jti") == token["jti"] {
			listed, _ = one.(object)
		}
	}
	var consumed any
	if used != nil {
		consumed = object{"at": used["at"], "by": used["actor"], "position": used["seq"]}
		if within(used, "data", "jti") != token["jti"] {
			return false
		}
	}
	return issued["type"] == "step_up.passed" && issued["at"] == token["issuedAt"] &&
		same(omit(listed, "detailsHash"), pick(token, "jti", "kind", "scopes", "singleUse", "jkt")) &&
		same(omit(data, "tokens", "country"), proof) && same(receipt["consumed"], consumed)
}

func passkeyHolds(passkey, receipt object) bool {
	said, _ := passkey["statement"].(object)
	scopes := []string{}
	for _, scope := range list(within(receipt, "token", "scopes")) {
		scopes = append(scopes, text(scope))
	}
	about := said["scope"] == strings.Join(scopes, " ") && said["details"] == within(receipt, "details", "hash")
	if within(receipt, "token", "kind") != "mfa" && !about {
		return false
	}
	clientBytes, failed := strict(text(passkey["clientDataJSON"]))
	data, failedToo := strict(text(passkey["authenticatorData"]))
	signature, failedLast := strict(text(passkey["signature"]))
	client, err := parse(clientBytes)
	if first(failed, failedToo, failedLast, err) != nil || len(data) < 37 {
		return false
	}
	key, _ := passkey["publicKey"].(object)
	return said["iss"] == receipt["iss"] && said["sub"] == receipt["sub"] && said["purpose"] == "step_up" &&
		client["type"] == "webauthn.get" && client["challenge"] == ChallengeOf(said) &&
		(client["crossOrigin"] == nil || client["crossOrigin"] == false) && !has(client, "topOrigin") &&
		string(data[:32]) == string(hash([]byte(text(passkey["rpId"])))) && data[32]&5 == 5 &&
		isSignedBy(key, append(data, hash(clientBytes)...), signature)
}

func isSignedBy(key object, signed, signature []byte) bool {
	bytes := func(name string) []byte { value, _ := decode(text(key[name])); return value }
	switch key["alg"] {
	case "ES256":
		public := ecKey(key, "P-256")
		return public != nil && ecdsa.VerifyASN1(public, hash(signed), signature)
	case "EdDSA":
		public := bytes("x")
		return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, signed, signature)
	case "RS256":
		exponent := new(big.Int).SetBytes(bytes("e")).Int64()
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(bytes("n")), E: int(exponent)}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, hash(signed), signature) == nil
	}
	return false
}
