// Package matcher finds problems in a step's output by the patterns of problem
// matchers (`::add-matcher::file`). It imports fault and jobproto only.
//
// Behaviour follows actions/runner: IssueMatcher.cs (configuration, matching)
// and OutputManager.cs (matchers of a step, from match to annotation).
package matcher

import (
	"slipway/internal/fault"
	"slipway/internal/jobproto"
)

// Config is what a problem matcher file says.
type Config struct {
	Matchers []Definition `json:"problemMatcher"`
}

// Definition is one problem matcher.
type Definition struct {
	Owner    string    `json:"owner"`
	Severity string    `json:"severity"` // of problems whose pattern names none
	FromPath string    `json:"fromPath"` // likewise
	Patterns []Pattern `json:"pattern"`
}

// Pattern is one regular expression of a matcher and the groups of it that
// hold the parts of a problem; nil means it holds no such part.
type Pattern struct {
	Regexp   string `json:"regexp"` // as .NET reads it with RegexOptions.ECMAScript
	File     *int   `json:"file"`
	Line     *int   `json:"line"`
	Column   *int   `json:"column"`
	Severity *int   `json:"severity"`
	Code     *int   `json:"code"`
	Message  *int   `json:"message"`
	FromPath *int   `json:"fromPath"`
	Loop     bool   `json:"loop"` // the last pattern matches again and again
}

// Parse reads and checks a problem matcher file. name stands in its errors,
// which have code Invalid and GitHub's messages.
func Parse(name string, data []byte) (*Config, error) {
	return nil, fault.New(fault.Invalid, "%s", name)
}

// Load is Parse of a file.
func Load(path string) (*Config, error) { return Parse(path, nil) }

// Registry holds the matchers of a job. It is safe for concurrent use; the
// zero value holds none.
type Registry struct{}

// Add puts matchers in front of the others; those of the same owner (case
// aside) go. It returns the message for the debug log.
func (r *Registry) Add(c *Config) string { return "" }

// Remove removes the matchers of owners and returns the message for the debug log.
func (r *Registry) Remove(owners ...string) string { return "" }

// Scanner matches the lines of one step. It is not safe for concurrent use,
// but notices at once what the registry gains and loses.
type Scanner struct {
	registry *Registry
	options  Options
}

// Options tell a scanner where it is.
type Options struct {
	// Workspace is GITHUB_WORKSPACE on the host: relative files lie in it.
	Workspace string
	// HostPath turns an absolute path the step printed into ours; nil where the two are the same.
	HostPath func(inner string) string
	// Root returns the folder that an existing file (absolute, clean, on the
	// host) is named relative to, "" to drop the file from the annotation. nil: the workspace.
	Root func(file string) string
	// Debug and Warn get messages for the step's log; nil drops them.
	Debug, Warn func(message string)
}

// Scanner returns a scanner for one step's process.
func (r *Registry) Scanner(o Options) *Scanner { return &Scanner{r, o} }

// Active reports whether any matcher is registered. It costs next to nothing.
func (s *Scanner) Active() bool { return false }

// Match looks at a line, without its ending. When a matcher completes a
// problem with it, Match returns the annotation (unmasked, Step unset) and the
// text to log instead of the line: the line without colours, `##[error]` or the like before it.
func (s *Scanner) Match(line []byte) (a jobproto.Annotation, log string, ok bool) {
	return jobproto.Annotation{}, "", false
}
