package report

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/holdfast-gate/holdfast/gate"
)

// SARIF writes a verdict for code scanning, as SARIF 2.1.0 (OASIS,
// sarif-schema-2.1.0.json): a rule for every code, a result for every finding,
// at the block of the address it is about. Its fingerprints stay the same from
// one run to the next. The error is that of w.
func SARIF(w io.Writer, v gate.Verdict, o Options) error {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{Name: "holdfast", Rules: []sarifRule{}}
	run.Properties.Decision = v.Decision.String()
	for _, c := range v.Clusters {
		run.Properties.Clusters = append(run.Properties.Clusters, Plain(c.Cluster.Name))
	}
	fs := reasons(v)
	known := knownTo(v)
	prints := fingerprints(known, fs)
	for i, f := range fs {
		run.Tool.Driver.Rules = ruled(run.Tool.Driver.Rules, f)
		level := "warning"
		if o.stops(f) {
			level = "error"
		}
		text := Plain(message(f))
		if f.Remedy != "" {
			text += ". To pass: " + Plain(f.Remedy)
		}
		text += doers(v, f, ". ")
		at := o.somewhere(v, known, f)
		r := sarifResult{RuleID: Plain(f.Code), Level: level, Message: sarifText{text}, PartialFingerprints: map[string]string{"holdfast/v1": prints[i]}}
		r.Locations = []sarifLocation{{PhysicalLocation: sarifPhysical{Artifact: sarifArtifact{URI: uri(at.File)}, Region: sarifRegion{at.Line, at.Column}}}}
		if f.Cluster != "" {
			r.Locations[0].Logical = []sarifLogical{{Name: Plain(title(f.Cluster, f.Role)), Kind: "resource"}}
		}
		run.Results = append(run.Results, r)
	}
	return write(w, sarif{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// ruled adds the rule of a finding's code if it is not there.
func ruled(rules []sarifRule, f gate.Finding) []sarifRule {
	id := Plain(f.Code)
	if slices.ContainsFunc(rules, func(r sarifRule) bool { return r.ID == id }) {
		return rules
	}
	return append(rules, sarifRule{ID: id, Short: sarifText{id}, Help: sarifText{"holdfast explain " + Plain(f.Check) + " says why this is looked for, and the way out."}})
}

// uri is a path as a relative reference. Every byte that could mean something
// in one is written as such.
func uri(path string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"
	const digits = "0123456789ABCDEF"
	var out []byte
	for i := range len(path) {
		if c := path[i]; slices.Contains([]byte(safe), c) {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out)
}

type sarif struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
	Properties struct {
		Decision string   `json:"decision"`
		Clusters []string `json:"clusters,omitempty"`
	} `json:"properties"`
}

type sarifDriver struct {
	Name  string      `json:"name"`
	Rules []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID    string    `json:"id"`
	Short sarifText `json:"shortDescription"`
	Help  sarifText `json:"help"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID              string            `json:"ruleId"`
	Level               string            `json:"level"`
	Message             sarifText         `json:"message"`
	Locations           []sarifLocation   `json:"locations"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	PhysicalLocation sarifPhysical  `json:"physicalLocation"`
	Logical          []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	Line   int `json:"startLine"`
	Column int `json:"startColumn"`
}

type sarifLogical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

// write writes a document for programs, indented, with a newline at the end.
func write(w io.Writer, document any) error {
	b, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(ascii(b), '\n'))
	return err
}
