// Verifies tokens, DPoP proofs and details of Countersign, and consumes tokens over HTTP, with the standard library.
// Every error of this file is a Reason of conformance/README.md.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

type object = map[string]any

// Reason is why something is not valid.
type Reason string

func (r Reason) Error() string { return string(r) }

var (
	errFault = errors.New("not valid")
	compact  = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)
	jtiForm  = regexp.MustCompile(`^[A-Za-z0-9_-]{22,64}$`)
	levels   = map[string]int{"recovery": 1, "mfa": 2, "phr": 3}
	encode   = base64.RawURLEncoding.EncodeToString
	decode   = base64.RawURLEncoding.DecodeString
	strict   = base64.RawURLEncoding.Strict().DecodeString
	client   = http.Client{Timeout: 5 * time.Second}
)

const lastSecond = 4102444800

func check(holds bool, reason Reason) error {
	if holds {
		return nil
	}
	return reason
}

// first returns the first of some errors.
func first(all ...error) error {
	for _, one := range all {
		if one != nil {
			return one
		}
	}
	return nil
}

func hash(parts ...[]byte) []byte {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return sum[:]
}

func hashParts(parts ...[]byte) []byte {
	var all []byte
	for _, part := range parts {
		all = append(binary.BigEndian.AppendUint32(all, uint32(len(part))), part...)
	}
	return hash(all)
}

func parse(data []byte) (value object, err error) {
	if !utf8.Valid(data) {
		return nil, errFault
	}
	if err = json.Unmarshal(data, &value); err == nil && value == nil {
		err = errFault
	}
	return value, err
}

func text(value any) string {
	found, _ := value.(string)
	return found
}

func has(holder object, name string) bool {
	_, found := holder[name]
	return found
}

// number returns a number as ECMAScript writes it (RFC 8785, section 3.2.2.3).
func number(value float64) string {
	if value == 0 {
		return "0"
	}
	if size := math.Abs(value); size >= 1e-6 && size < 1e21 {
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	written := strconv.FormatFloat(value, 'e', -1, 64)
	return strings.NewReplacer("e-0", "e-", "e+0", "e+").Replace(written)
}

// canonical returns the canonical JSON text of a value (RFC 8785).
func canonical(value any) string {
	switch value := value.(type) {
	case object:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		sort.Slice(names, func(i, j int) bool { return less(names[i], names[j]) })
		for i, name := range names {
			names[i] = canonical(name) + ":" + canonical(value[name])
		}
		return "{" + strings.Join(names, ",") + "}"
	case []any:
		members := make([]string, len(value))
		for i, member := range value {
			members[i] = canonical(member)
		}
		return "[" + strings.Join(members, ",") + "]"
	case float64:
		return number(value)
	case string:
		return quote(value)
	}
	written, _ := json.Marshal(value)
	return string(written)
}

// less compares names by their UTF-16 units.
func less(one, other string) bool {
	a, b := utf16.Encode([]rune(one)), utf16.Encode([]rune(other))
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return i < len(b) && a[i] < b[i]
		}
	}
	return len(a) < len(b)
}

func quote(value string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	var written strings.Builder
	for _, letter := range value {
		if escaped, found := short[letter]; found {
			written.WriteString(escaped)
		} else if letter < 0x20 {
			written.WriteString(`\u00` + strconv.FormatInt(int64(letter)+0x100, 16)[1:])
		} else {
			written.WriteRune(letter)
		}
	}
	return `"` + written.String() + `"`
}

var (
	backslashes = regexp.MustCompile(`\\\\`)
	pairs       = regexp.MustCompile(`(?i)\\ud[89ab]..\\ud[c-f]..`)
	halves      = regexp.MustCompile(`(?i)\\ud[89a-f]..`)
)

// ReadDetails parses details, and refuses those that cannot be bound. Go replaces half a surrogate pair, so the text
// is searched for one.
func ReadDetails(raw []byte) (object, error) {
	details, err := parse(raw)
	left := pairs.ReplaceAll(backslashes.ReplaceAll(raw, nil), nil)
	if err != nil || halves.Match(left) || has(details, "type") || !exact(details, 1) || len(canonical(details)) > 2048 {
		return nil, Reason("input_invalid")
	}
	return details, nil
}

// exact returns whether a value has no integer beyond 2^53 and is not nested too deep.
func exact(value any, depth int) bool {
	holds := depth <= 14
	switch value := value.(type) {
	case float64:
		return holds && (value != math.Trunc(value) || math.Abs(value) < 1<<53)
	case []any:
		for _, member := range value {
			holds = holds && exact(member, depth+1)
		}
	case object:
		for name, member := range value {
			holds = holds && name != "__proto__" && exact(member, depth+1)
		}
	}
	return holds
}

// CommitTo returns the salted hash of details.
func CommitTo(details object, action, salt string) string {
	bytes, _ := strict(salt)
	return encode(hashParts([]byte("countersign/details/v2"), []byte(action), bytes, []byte(canonical(details))))
}

// ChallengeOf returns the challenge that a passkey signs for a statement.
func ChallengeOf(statement object) string {
	signed := object{}
	for name, member := range statement {
		if name != "action" && name != "salt" {
			signed[name] = member
		}
	}
	if details, found := statement["details"].(object); found {
		signed["details"] = CommitTo(details, text(statement["action"]), text(statement["salt"]))
	}
	return encode(hash([]byte("countersign/webauthn/v2"), []byte(canonical(signed))))
}

// ecKey returns a public key, or nil if it is none of the curve.
func ecKey(key object, crv string) *ecdsa.PublicKey {
	curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384()}[crv]
	x, failed := decode(text(key["x"]))
	y, failedToo := decode(text(key["y"]))
	public := &ecdsa.PublicKey{Curve: curve, X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	if first(failed, failedToo) != nil || key["kty"] != "EC" || key["crv"] != crv || !curve.IsOnCurve(public.X, public.Y) {
		return nil
	}
	return public
}

// verifySignature verifies the signature of a compact JWS.
func verifySignature(jws string, key object, algorithm string) error {
	dot := strings.LastIndex(jws, ".")
	signature, err := decode(jws[dot+1:])
	if err != nil {
		return err
	}
	signed, holds, size := []byte(jws[:dot]), false, 32
	crv, digest := "P-256", hash(signed)
	switch algorithm {
	case "ES384":
		sum := sha512.Sum384(signed)
		crv, digest, size = "P-384", sum[:], 48
		fallthrough
	case "ES256":
		if public := ecKey(key, crv); public != nil && len(signature) == 2*size {
			r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
			holds = ecdsa.Verify(public, digest, r, s)
		}
	case "EdDSA", "Ed25519":
		public, _ := decode(text(key["x"]))
		isEd := key["kty"] == "OKP" && key["crv"] == "Ed25519" && len(public) == ed25519.PublicKeySize
		holds = isEd && ed25519.Verify(public, signed, signature)
	}
	if !holds {
		return errFault
	}
	return nil
}

// readParts returns the header and the payload of a compact JWS. Nothing is verified yet.
func readParts(jws string) (header, payload object, err error) {
	if !compact.MatchString(jws) {
		return nil, nil, errFault
	}
	parts := strings.Split(jws, ".")
	one, failed := decode(parts[0])
	other, failedToo := decode(parts[1])
	if err = first(failed, failedToo); err != nil {
		return nil, nil, err
	}
	if header, err = parse(one); err == nil {
		payload, err = parse(other)
	}
	if has(header, "crit") || has(header, "b64") {
		err = errFault
	}
	return header, payload, err
}

// readSigned verifies a compact JWS with a key set.
func readSigned(jws string, jwks object) (header, payload object, err error) {
	if header, payload, err = readParts(jws); err != nil {
		return nil, nil, err
	}
	keys, _ := jwks["keys"].([]any)
	for _, one := range keys {
		key, _ := one.(object)
		if header["alg"] == "ES256" && text(header["kid"]) != "" && key["kid"] == header["kid"] {
			return header, payload, verifySignature(jws, key, "ES256")
		}
	}
	return nil, nil, errFault
}

func isCount(value any) bool {
	found, isNumber := value.(float64)
	return isNumber && found >= 0 && found == math.Trunc(found) && found < 1<<53
}

// VerifyToken verifies that Countersign issued a token, and returns its claims and whether it is a legacy one.
func VerifyToken(token string, jwks object, issuer string, now float64) (claims object, legacy bool, err error) {
	header, claims, err := readSigned(token, jwks)
	if err != nil || len(token) > 8192 {
		return nil, false, Reason("token_invalid")
	}
	holds := jtiForm.MatchString(text(claims["jti"])) && levels[text(claims["acr"])] > 0 && isCount(claims["epoch"])
	for _, name := range []string{"iss", "sub", "aud", "client_id"} {
		holds = holds && text(claims[name]) != ""
	}
	for _, name := range []string{"iat", "exp", "auth_time"} {
		holds = holds && isCount(claims[name]) && claims[name].(float64) <= lastSecond
	}
	amr, _ := claims["amr"].([]any)
	for _, one := range amr {
		holds = holds && text(one) != ""
	}
	_, isFlag := claims["singleUse"].(bool)
	cnf, _ := claims["cnf"].(object)
	bound, isList := claims["authorization_details"].([]any)
	isBound := has(claims, "authorization_details")
	if isBound {
		isObject := false
		if isList && len(bound) == 1 {
			_, isObject = bound[0].(object)
		}
		holds = holds && isObject
	}
	legacy = header["typ"] == "mfa+jwt"
	if legacy {
		holds = holds && !has(claims, "scope") && !isBound
	} else {
		holds = holds && header["typ"] == "at+jwt" && text(claims["scope"]) != ""
	}
	holds = holds && len(amr) > 0 && isFlag && (!has(claims, "sid") || text(claims["sid"]) != "")
	holds = holds && (!has(claims, "cnf") || text(cnf["jkt"]) != "") && claims["iss"] == issuer
	if !holds {
		return nil, false, Reason("token_invalid")
	}
	return claims, legacy, check(claims["exp"].(float64) > now, "token_expired")
}

// Rule is what a resource asks of a token.
type Rule struct {
	Scope, Acr, Details              string
	SingleUse, AcceptsMfaToken, Dpop bool
	FreshnessSeconds                 float64
}

// Use is the call that a token is presented for. Details are JSON, or nil.
type Use struct {
	Action, Subject, SessionID string
	Details                    json.RawMessage
}

// CheckUse checks whether a verified token is valid for a use. Only Consume knows whether it was used.
func CheckUse(claims object, legacy bool, rule Rule, use Use, issuer, audience string, now float64) error {
	sid := text(claims["sid"])
	if claims["sub"] != use.Subject || sid != "" && use.SessionID != "" && sid != use.SessionID {
		return Reason("token_invalid")
	}
	if legacy {
		takes := rule.AcceptsMfaToken && rule.Details != "required" && rule.Acr != "phr"
		if err := first(check(claims["aud"] == issuer, "token_invalid"), check(takes, "step_up_required")); err != nil {
			return err
		}
	} else if err := checkElevated(claims, rule, use, audience); err != nil {
		return err
	}
	fresh := now-claims["auth_time"].(float64) <= rule.FreshnessSeconds
	strong := levels[text(claims["acr"])] >= levels[rule.Acr]
	return check(fresh && strong && (!rule.Dpop || has(claims, "cnf")), "step_up_required")
}

func checkElevated(claims object, rule Rule, use Use, audience string) error {
	spelling := ""
	if use.Details != nil {
		details, err := ReadDetails(use.Details)
		if err != nil {
			return err
		}
		details["type"] = use.Action
		spelling = canonical(details)
	}
	scopes := " " + text(claims["scope"]) + " "
	required := check(rule.Details != "required", "step_up_required")
	if bound, isBound := claims["authorization_details"].([]any); isBound {
		required = check(canonical(bound[0]) == spelling, "details_mismatch")
	}
	return first(
		check(claims["aud"] == audience, "token_invalid"),
		check(strings.Contains(scopes, " "+rule.Scope+" "), "scope_not_allowed"),
		check(!rule.SingleUse || claims["singleUse"] == true, "step_up_required"),
		required,
	)
}

// Consume consumes a token. The call has token, action, subject and, as they apply, details, sessionId and dpop.
func Consume(base, environment, resourceKey string, call object) (object, error) {
	body, _ := json.Marshal(call)
	request, err := http.NewRequest("POST", base+"/"+environment+"/v1/token/consume", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("authorization", "Bearer "+resourceKey)
	request.Header.Set("content-type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, Reason("unavailable")
	}
	defer response.Body.Close()
	data, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	answer, err := parse(data)
	if err == nil && response.StatusCode == 200 && answer["accepted"] == true {
		return answer, nil
	} else if reason := text(answer["reason"]); reason != "" {
		return nil, Reason(reason)
	}
	return nil, Reason("unavailable")
}

// normalized returns an address without query and fragment (RFC 3986, sections 6.2.2 and 6.2.3).
func normalized(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return ""
	}
	path := escapes.ReplaceAllStringFunc(parsed.EscapedPath(), func(escaped string) string {
		value, _ := strconv.ParseUint(escaped[1:], 16, 8)
		if letter := string(rune(value)); unreserved.MatchString(letter) {
			return letter
		}
		return strings.ToUpper(escaped)
	})
	segments := []string{}
	for _, segment := range strings.Split(strings.TrimPrefix(path, "/"), "/") {
		if segment == ".." && len(segments) > 0 {
			segments = segments[:len(segments)-1]
		} else if segment != "." && segment != ".." {
			segments = append(segments, segment)
		}
	}
	if strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..") {
		segments = append(segments, "")
	}
	port := parsed.Port()
	if port == map[string]string{"http": "80", "https": "443"}[parsed.Scheme] {
		port = ""
	}
	return parsed.Scheme + "://" + strings.ToLower(parsed.Hostname()) + ":" + port + "/" + strings.Join(segments, "/")
}

var (
	escapes    = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	unreserved = regexp.MustCompile(`^[A-Za-z0-9_.~-]$`)
)

// VerifyProof verifies a DPoP proof (RFC 9449, section 4.3), and returns its claims. An empty token or jkt is not
// compared.
func VerifyProof(proof, method, address, token, jkt string, now float64) (object, error) {
	header, claims, err := readParts(proof)
	algorithm := text(header["alg"])
	kty := map[string]string{"ES256": "EC", "ES384": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}[algorithm]
	if err = first(check(err == nil && len(proof) <= 4096, "jwt"), check(header["typ"] == "dpop+jwt", "typ"),
		check(kty != "", "alg")); err != nil {
		return nil, err
	}
	key, _ := header["jwk"].(object)
	if has(key, "d") || has(key, "k") || verifySignature(proof, key, algorithm) != nil {
		return nil, Reason("jwk")
	}
	members := object{"kty": key["kty"], "crv": key["crv"], "x": key["x"]}
	if kty == "EC" {
		members["y"] = key["y"]
	}
	jti := len(utf16.Encode([]rune(text(claims["jti"]))))
	iat, isNumber := claims["iat"].(float64)
	said := normalized(text(claims["htu"]))
	return claims, first(
		check(jti > 0 && jti <= 128, "jti"),
		check(claims["htm"] == method, "htm"),
		check(said != "" && said == normalized(address), "htu"),
		check(isNumber && math.Abs(now-iat) <= 60, "iat"),
		check(token == "" || claims["ath"] == encode(hash([]byte(token))), "ath"),
		check(jkt == "" || jkt == encode(hash([]byte(canonical(members)))), "key"),
	)
}
