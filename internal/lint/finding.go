package lint

import (
	"cmp"
	"slices"

	"slipway/internal/workflow"
)

// Finding is one thing that is wrong with a file.
type Finding struct {
	File    string // as the file was named, slash-separated; "" for an error of the whole run
	Line    int    // from 1; 0 when the finding is about the whole file
	Column  int    // from 1, counted in characters; 0 when unknown
	Width   int    // characters to underline from Column; 0 when unknown
	Message string
	Rule    string // the id of the rule that found it; "" for GitHub's own errors

	// Caller is the `uses:` through which File was read, when it is one that
	// the linted file calls.
	Caller workflow.Pos
}

// Result is what lint has to say about one file.
type Result struct {
	File     string
	Data     []byte    // the file's text, for reports that quote it
	Errors   []Finding // GitHub rejects the file for these
	Warnings []Finding // GitHub accepts them, and they are mistakes all the same
}

// Strict returns r with its warnings counted as errors.
func (r Result) Strict() Result {
	r.Errors = slices.Concat(r.Errors, r.Warnings)
	r.Warnings = nil
	sortFindings(r.Errors)
	return r
}

// sortFindings orders findings as a reader meets them in the file.
func sortFindings(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message),
		)
	})
}
