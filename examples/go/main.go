// Prints the verdict and reason for each case of a file of vectors, as JSON lines:
// go run . ../../conformance/vectors.json
package main

import (
	"encoding/json"
	"log"
	"os"
)

type input struct {
	Token, Issuer, Audience, Proof, Method, URL, Jkt string
	Checkpoint, Action, Salt, Text, Hash, Challenge  string
	Rule                                             Rule
	Use                                              Use
	Receipt, Chain, Statement                        object
	Details                                          json.RawMessage
}

type vector struct {
	Kind, Name string
	Now        float64
	Input      input
}

func run(one vector, tokens, receipts object) error {
	given := one.Input
	switch one.Kind {
	case "token":
		claims, legacy, err := VerifyToken(given.Token, tokens, given.Issuer, one.Now)
		if err != nil {
			return err
		}
		return CheckUse(claims, legacy, given.Rule, given.Use, given.Issuer, given.Audience, one.Now)
	case "proof":
		_, err := VerifyProof(given.Proof, given.Method, given.URL, given.Token, given.Jkt, one.Now)
		return err
	case "checkpoint":
		_, err := VerifyCheckpoint(given.Checkpoint, receipts, given.Chain)
		return err
	case "receipt":
		var details object
		if given.Details != nil {
			details, _ = parse(given.Details)
		}
		return VerifyReceipt(given.Receipt, receipts, details)
	case "statement":
		return check(ChallengeOf(given.Statement) == given.Challenge, "challenge")
	}
	details, err := ReadDetails(given.Details)
	if err != nil {
		return err
	}
	hash := CommitTo(details, given.Action, given.Salt)
	return first(check(canonical(details) == given.Text, "canonical"), check(hash == given.Hash, "hash"))
}

func main() {
	var file struct {
		Keys    struct{ Tokens, Receipts object }
		Vectors []vector
	}
	data, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(data, &file)
	}
	if err != nil {
		log.Fatal(err)
	}
	for _, one := range file.Vectors {
		line := object{"kind": one.Kind, "name": one.Name, "verdict": "valid", "reason": nil}
		if err := run(one, file.Keys.Tokens, file.Keys.Receipts); err != nil {
			line["verdict"], line["reason"] = "invalid", err.Error()
		}
		if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
			log.Fatal(err)
		}
	}
}
