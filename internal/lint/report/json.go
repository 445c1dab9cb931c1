package report

import (
	"encoding/json"
	"io"

	"slipway/internal/lint"
	"slipway/internal/workflow"
)

// jsonReport is the whole answer of `slipway lint --json`, one object.
type jsonReport struct {
	Errors   []jsonFinding `json:"errors"`
	Warnings []jsonFinding `json:"warnings"`
}

// jsonFinding leaves out what there isn't: a line and column, a rule for
// GitHub's own errors, a file for errors of the whole run. For an error in a
// called file, file is what GitHub prints: where it is called, and its name.
type jsonFinding struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	Rule    string `json:"rule,omitempty"`
}

func writeJSON(w io.Writer, results []lint.Result) error {
	report := jsonReport{Errors: []jsonFinding{}, Warnings: []jsonFinding{}}
	for _, r := range results {
		report.Errors = appendJSON(report.Errors, r.Errors)
		report.Warnings = appendJSON(report.Warnings, r.Warnings)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(report)
}

func appendJSON(list []jsonFinding, findings []lint.Finding) []jsonFinding {
	for _, f := range findings {
		list = append(list, jsonFinding{File: githubFile(f), Line: f.Line, Column: f.Column, Message: f.Message, Rule: f.Rule})
	}
	return list
}

func githubFile(f lint.Finding) string {
	e := workflow.Error{Pos: workflow.Pos{File: f.File}, Caller: f.Caller}
	return e.Where()
}
