// Package report prints what lint found: as text for people, as JSON, as
// GitHub's workflow commands, and as SARIF. It imports lint, and workflow for
// positions.
package report

import (
	"fmt"
	"io"

	"slipway/internal/lint"
)

// Writer prints the results of a whole lint, in the order given.
type Writer func(w io.Writer, results []lint.Result) error

// Formats are the names that ForFormat knows.
func Formats() []string { return []string{"text", "json", "github", "sarif"} }

// ForFormat returns the writer of a format, or nil when there is none of that
// name. Only text uses colour.
func ForFormat(format string, colour bool) Writer {
	switch format {
	case "text":
		return textWriter{colour}.write
	case "json":
		return writeJSON
	case "github":
		return writeGitHub
	case "sarif":
		return writeSARIF
	}
	return nil
}

// severity is how a format that has only one list marks a finding.
type severity string

const (
	severityError   severity = "error"
	severityWarning severity = "warning"
)

// each calls f for the findings of a result, errors and warnings merged in
// file order, as places in the linted file.
func each(r lint.Result, f func(severity, lint.Finding) error) error {
	errs, warnings := r.Errors, r.Warnings
	for len(errs) > 0 || len(warnings) > 0 {
		var err error
		if len(warnings) == 0 || len(errs) > 0 && !before(warnings[0], errs[0]) {
			err = f(severityError, annotated(r, errs[0]))
			errs = errs[1:]
		} else {
			err = f(severityWarning, annotated(r, warnings[0]))
			warnings = warnings[1:]
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// before says whether a reader of the file meets a before b.
func before(a, b lint.Finding) bool {
	if a.Line != b.Line {
		return a.Line < b.Line
	}
	return a.Column < b.Column
}

// annotated is a finding as a place in the linted file itself: what is wrong
// in a file it calls is shown at the call, and what has no file at the top.
func annotated(r lint.Result, f lint.Finding) lint.Finding {
	if f.File == "" {
		f.File = r.File
	}
	if c := f.Caller; c.File != "" {
		f.Message = inCalled(f)
		f.File, f.Line, f.Column, f.Width = c.File, c.Line, c.Column, 0
	}
	return f
}

// inCalled says where in a called file something is wrong.
func inCalled(f lint.Finding) string {
	place := "in the called workflow " + f.File
	if f.Line > 0 {
		place += fmt.Sprintf(", line %d, column %d", f.Line, f.Column)
	}
	return place + ": " + f.Message
}
