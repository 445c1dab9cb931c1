package report

import (
	"encoding/json"
	"io"
	"net/url"

	"slipway/internal/lint"
)

// The part of SARIF 2.1.0 that a linter needs (OASIS, sarif-v2.1.0-os).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     severity        `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"` // exclusive
	}
)

// githubRule is the id under which SARIF files GitHub's own errors.
const githubRule = "workflow-syntax"

func writeSARIF(w io.Writer, results []lint.Result) error {
	rules := []sarifRule{{githubRule, sarifText{"GitHub rejects the file"}}}
	for _, r := range lint.Rules() {
		rules = append(rules, sarifRule{r.ID, sarifText{r.About}})
	}
	index := make(map[string]int, len(rules))
	for i, r := range rules {
		index[r.ID] = i
	}
	found := []sarifResult{}
	for _, r := range results {
		err := each(r, func(s severity, f lint.Finding) error {
			found = append(found, newSARIFResult(s, f, index))
			return nil
		})
		if err != nil {
			return err
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:       sarifTool{sarifDriver{Name: "slipway", Rules: rules}},
			ColumnKind: "unicodeCodePoints",
			Results:    found,
		}},
	})
}

func newSARIFResult(s severity, f lint.Finding, index map[string]int) sarifResult {
	id := f.Rule
	if id == "" {
		id = githubRule
	}
	place := sarifPhysical{Artifact: sarifArtifact{URI: (&url.URL{Path: f.File}).String()}}
	if f.Line > 0 {
		place.Region = &sarifRegion{StartLine: f.Line, StartColumn: f.Column}
		if f.Column > 0 && f.Width > 0 {
			place.Region.EndColumn = f.Column + f.Width
		}
	}
	return sarifResult{
		RuleID:    id,
		RuleIndex: index[id],
		Level:     s,
		Message:   sarifText{f.Message},
		Locations: []sarifLocation{{place}},
	}
}
