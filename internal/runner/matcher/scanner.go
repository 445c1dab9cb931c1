package matcher

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/jobproto"
)

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

// Scanner matches the lines of one step's process. It is not safe for
// concurrent use, but notices at once what the registry gains and loses.
type Scanner struct {
	registry *Registry
	options  Options
	seen     *[]*Definition // the registry's list that matchers reflects
	matchers []*running
	failed   []*Definition // those that took too long: not used again
	lines    history
}

// Scanner returns a scanner for one step's process.
func (r *Registry) Scanner(o Options) *Scanner { return &Scanner{registry: r, options: o} }

// Active reports whether any matcher is registered. It costs next to nothing.
func (s *Scanner) Active() bool {
	if list := s.registry.list.Load(); list != s.seen {
		s.update(list)
	}
	return len(s.matchers) > 0
}

// update takes over a new list; matchers that stay keep their state.
func (s *Scanner) update(list *[]*Definition) {
	old := s.matchers
	s.seen, s.matchers = list, nil
	for _, d := range *list {
		if slices.Contains(s.failed, d) {
			continue
		}
		i := slices.IndexFunc(old, func(m *running) bool { return m.Definition == d })
		if i >= 0 {
			s.matchers = append(s.matchers, old[i])
		} else {
			s.matchers = append(s.matchers, newRunning(d, s.lines.newest+1))
		}
	}
}

// Match looks at a line, without its ending. When a matcher completes a
// problem with it, Match returns the annotation (unmasked, Step unset) and the
// text to log instead of the line: the line without colours, with `##[error]`,
// `##[warning]` or `##[notice]` before it.
func (s *Scanner) Match(text []byte) (a jobproto.Annotation, log string, ok bool) {
	if !s.Active() {
		return jobproto.Annotation{}, "", false
	}
	l := s.lines.add(text)
	for i, m := range s.matchers {
		found := s.try(m)
		if found == nil {
			continue
		}
		a, ok = s.annotation(found)
		for k, other := range s.matchers {
			switch {
			case k < i || ok && k > i:
				other.forget(s.lines.newest)
			case k > i: // it has yet to see this line
				other.forget(s.lines.newest - 1)
			}
		}
		if ok {
			return a, "##[" + string(a.Level) + "]" + string(l.plain), true
		}
	}
	return jobproto.Annotation{}, "", false
}

// attempts is how often a matcher may take too long with a line before it is removed.
const attempts = 3

// try matches the newest line, and removes the matcher if it takes too long.
func (s *Scanner) try(m *running) *problem {
	for attempt := 1; ; attempt++ {
		found, err := m.match(&s.lines)
		if err == nil {
			return found
		}
		if attempt == attempts {
			s.warn("Removing issue matcher '%s'. Matcher failed %d times. Error: %v", m.Owner, attempts, err)
			s.failed = append(s.failed, m.Definition)
			s.matchers = slices.DeleteFunc(slices.Clone(s.matchers), func(o *running) bool { return o == m })
			return nil
		}
		s.debug("Timeout processing issue matcher '%s' against line '%s'. Exception: %v", m.Owner, s.lines.line(s.lines.newest).plain, err)
	}
}

// annotation turns a problem into an annotation (OutputManager.ConvertToIssue).
func (s *Scanner) annotation(p *problem) (jobproto.Annotation, bool) {
	if strings.TrimSpace(p.message) == "" {
		s.debug("Skipping logging an issue for the matched line because the message is empty.")
		return jobproto.Annotation{}, false
	}
	a := jobproto.Annotation{Level: jobproto.Error, Message: p.message}
	if p.severity != "" {
		if a.Level = level(p.severity); a.Level == "" {
			s.debug("Skipped logging an issue for the matched line because the severity '%s' is not supported.", p.severity)
			return jobproto.Annotation{}, false
		}
	}
	a.Line = s.number("line", p.line)
	a.Column = s.number("column", p.column)
	a.File = s.file(p)
	return a, true
}

// level is the level a severity names, "" for none.
func level(severity string) jobproto.Level {
	for _, l := range []jobproto.Level{jobproto.Error, jobproto.Warning, jobproto.Notice} {
		if strings.EqualFold(severity, string(l)) {
			return l
		}
	}
	return ""
}

// number reads a line or column: digits only.
func (s *Scanner) number(what, text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		s.debug("Unable to parse %s number '%s'", what, text)
		return 0
	}
	return int(n)
}

// file is the file of a problem as the annotation names it: relative to its
// root, "" when it doesn't exist or lies under none.
func (s *Scanner) file(p *problem) string {
	file := p.file
	if strings.TrimSpace(file) == "" {
		return ""
	}
	if strings.TrimSpace(p.fromPath) != "" && !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(p.fromPath), file)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.options.Workspace, file)
	} else if s.options.HostPath != nil {
		file = s.options.HostPath(filepath.Clean(file))
	}
	file = filepath.Clean(file)
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		s.debug("Dropping file value '%s'. Path does not exist", file)
		return ""
	}
	root := filepath.Clean(s.options.Workspace)
	if s.options.Root != nil {
		root = s.options.Root(file)
	}
	relative, err := filepath.Rel(root, file)
	if root == "" || err != nil || !filepath.IsLocal(relative) {
		s.debug("Dropping file value '%s'. Path is not under the workflow repo.", file)
		return ""
	}
	return relative
}

func (s *Scanner) debug(format string, args ...any) {
	if s.options.Debug != nil {
		s.options.Debug(fmt.Sprintf(format, args...))
	}
}

func (s *Scanner) warn(format string, args ...any) {
	if s.options.Warn != nil {
		s.options.Warn(fmt.Sprintf(format, args...))
	}
}
