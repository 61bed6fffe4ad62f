// An API in Go that refunds after a step-up. `npm run hello -- --api go` starts it. It signs people in, serves the
// page of examples/hello, and asks Countersign before it acts. It needs only the standard library.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"os"
	"strings"
	"time"
)

var (
	issuer    = "http://localhost:" + os.Getenv("PORT")
	authorize = os.Getenv("COUNTERSIGN_URL") + "/hello/v1/action/authorize"
	client    = http.Client{Timeout: 5 * time.Second}
	key, _    = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	keyID     = random()
	encode    = base64.RawURLEncoding.EncodeToString
	decode    = base64.RawURLEncoding.Strict().DecodeString
)

type object = map[string]any

// What the caller can do something about. Everything else is a 503.
var statusOf = map[string]int{"input_invalid": 400, "token_invalid": 401, "denied": 403, "unknown_action": 404}

// refuse answers with problem details (RFC 9457).
func refuse(w http.ResponseWriter, status int, problem object, challenge string) {
	problem["status"] = status
	w.Header().Set("content-type", "application/problem+json")
	w.Header().Set("cache-control", "no-store")
	if status == 401 {
		w.Header().Set("www-authenticate", challenge)
	} else if status == 503 {
		w.Header().Set("retry-after", "2")
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(problem)
}

// requireStepUp runs a handler only if the action may run now, for this user and this body.
func requireStepUp(action string, next func(http.ResponseWriter, object)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var details object
		session := verify(strings.TrimPrefix(r.Header.Get("authorization"), "Bearer "))
		if session == nil {
			refuse(w, 401, object{"reason": "unauthenticated"}, "Bearer")
			return
		} else if json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&details) != nil {
			refuse(w, 400, object{"reason": "input_invalid"}, "")
			return
		}
		call := object{"action": action, "subject": session["sub"], "sessionId": session["sid"],
			"details": details, "idempotencyKey": random()}
		if token := r.Header.Get("countersign-token"); token != "" {
			call["token"] = token
		}
		status, answer := ask(call)
		challenge, _ := answer["wwwAuthenticate"].(string)
		switch known := statusOf[fmt.Sprint(answer["reason"])]; {
		case status == 200 && answer["authorized"] == true:
			next(w, details)
		case challenge != "": // A step-up helps (RFC 9470).
			refuse(w, 401, answer, challenge)
		case known != 0:
			refuse(w, known, answer, `Bearer error="invalid_token"`)
		default:
			refuse(w, 503, object{"reason": "unavailable"}, "")
		}
	}
}

// ask asks Countersign, and once more with the same idempotency key if the reply was lost.
func ask(call object) (status int, answer object) {
	body, _ := json.Marshal(call)
	for try := 0; try < 2; try++ {
		request, _ := http.NewRequest("POST", authorize, bytes.NewReader(body))
		request.Header.Set("authorization", "Bearer "+os.Getenv("RESOURCE_KEY"))
		request.Header.Set("content-type", "application/json")
		if response, err := client.Do(request); err == nil {
			defer response.Body.Close()
			if json.NewDecoder(response.Body).Decode(&answer) == nil {
				return response.StatusCode, answer
			}
		}
	}
	return 503, object{}
}

func random() string {
	value := make([]byte, 16)
	rand.Read(value)
	return fmt.Sprintf("%x", value)
}

// sign signs the session of a user (RFC 7515, ES256). Your application has a login already.
func sign(claims object) string {
	payload, _ := json.Marshal(claims)
	signed := encode([]byte(`{"alg":"ES256","kid":"`+keyID+`"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	r, s, _ := ecdsa.Sign(rand.Reader, key, digest[:])
	return signed + "." + encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// verify returns the claims of a session, or nil.
func verify(token string) (claims object) {
	parts := strings.Split(token+"..", ".")
	payload, _ := decode(parts[1])
	signature, _ := decode(parts[2])
	half := len(signature) / 2
	r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(&key.PublicKey, digest[:], r, s) || json.Unmarshal(payload, &claims) != nil ||
		claims["exp"].(float64) < float64(time.Now().Unix()) {
		return nil
	}
	return claims
}

func main() {
	http.HandleFunc("/refund", requireStepUp("order.refund", func(w http.ResponseWriter, details object) {
		json.NewEncoder(w).Encode(object{"refunded": details})
	}))
	http.HandleFunc("/sign-in", func(w http.ResponseWriter, r *http.Request) {
		var session object
		json.NewDecoder(r.Body).Decode(&session)
		now := time.Now().Unix()
		session = object{"iss": issuer, "aud": "hello", "sub": session["name"], "sid": random()}
		session["auth_time"], session["exp"] = now, now+3600
		fmt.Fprint(w, sign(session))
	})
	http.HandleFunc("/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		x, y := encode(key.X.FillBytes(make([]byte, 32))), encode(key.Y.FillBytes(make([]byte, 32)))
		jwk := object{"kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "kid": keyID}
		json.NewEncoder(w).Encode(object{"keys": []object{jwk}})
	})
	http.Handle("/", http.FileServer(http.Dir("../hello/dist")))
	fmt.Println("Open " + issuer)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
