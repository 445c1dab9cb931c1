// Package matcher finds problems in a step's output by the patterns of problem
// matchers (`::add-matcher::file`). It imports fault and jobproto only.
//
// Behaviour follows actions/runner: IssueMatcher.cs (configuration, matching)
// and OutputManager.cs (the matchers of a step, from match to annotation).
package matcher

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dlclark/regexp2"
)

// Registry holds the matchers of a job. It is safe for concurrent use; the
// zero value holds none.
type Registry struct {
	mu   sync.Mutex                    // for changes
	list atomic.Pointer[[]*Definition] // replaced, never changed
}

// Add puts matchers in front of the others; those of the same owners (case
// aside) go. It returns the message for the debug log, "" if there is none.
func (r *Registry) Add(c *Config) (message string) {
	if len(c.Matchers) == 0 {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	list := append([]*Definition(nil), c.Matchers...)
	for _, d := range r.definitions() {
		if !hasOwner(c.Matchers, d.Owner) {
			list = append(list, d)
		}
	}
	r.list.Store(&list)
	return "Added matchers: " + owners(c.Matchers) +
		". Problem matchers scan action output for known warning or error strings and report these inline."
}

// Remove removes the matchers of owners (case aside) and returns the message
// for the debug log.
func (r *Registry) Remove(names ...string) (message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var named, kept, removed []*Definition
	for _, name := range names {
		named = append(named, &Definition{Owner: name})
	}
	for _, d := range r.definitions() {
		if hasOwner(named, d.Owner) {
			removed = append(removed, d)
		} else {
			kept = append(kept, d)
		}
	}
	r.list.Store(&kept)
	return "Removed matchers: " + owners(removed)
}

func (r *Registry) definitions() []*Definition {
	if list := r.list.Load(); list != nil {
		return *list
	}
	return nil
}

func hasOwner(list []*Definition, owner string) bool {
	for _, d := range list {
		if strings.EqualFold(d.Owner, owner) {
			return true
		}
	}
	return false
}

// owners lists owners as GitHub's messages do.
func owners(list []*Definition) string {
	var quoted []string
	for _, d := range list {
		quoted = append(quoted, "'"+d.Owner+"'")
	}
	return strings.Join(quoted, ", ")
}

// running is one matcher at work on the lines of a step.
type running struct {
	*Definition
	// partial holds, for each pattern but the last, what it and those before
	// it have found in earlier lines. Not used when there are two patterns.
	partial []*problem
	since   int      // two patterns: the first line that counts, as those before are used up or not seen
	held    *problem // two patterns: what the first has found, while the second loops
}

func newRunning(d *Definition, since int) *running {
	return &running{Definition: d, partial: make([]*problem, len(d.Patterns)-1), since: since}
}

// problem is what patterns have found, as text.
type problem struct {
	file, line, column, severity, message, fromPath string
}

// match looks at the newest line. When it completes a problem, match returns
// it. An error is a pattern's timeout.
func (m *running) match(lines *history) (found *problem, err error) {
	if len(m.Patterns) == 2 {
		found, err = m.matchPair(lines)
	} else {
		found, err = m.matchAll(lines.line(lines.newest))
	}
	if found != nil && found.severity == "" {
		found.severity = m.Severity
	}
	if found != nil && found.fromPath == "" {
		found.fromPath = m.FromPath
	}
	return found, err
}

// matchAll tries the patterns from the last to the first, each of which looks
// at what the one before it has found in earlier lines (IssueMatcher.Match). As
// there, a pattern's find stays until the pattern is tried again.
func (m *running) matchAll(l *line) (*problem, error) {
	last := len(m.Patterns) - 1
	for i := last; i >= 0; i-- {
		var before *problem
		if i > 0 {
			if before = m.partial[i-1]; before == nil {
				continue
			}
		}
		p := m.Patterns[i]
		groups, err := p.match(l)
		switch {
		case err != nil:
			return nil, err
		case groups == nil && i < last:
			m.partial[i] = nil
		case groups == nil && i > 0:
			m.partial[i-1] = nil
		case groups == nil:
		case i < last:
			m.partial[i] = p.found(groups, before)
		default:
			clear(m.partial)
			if p.Loop {
				m.partial[i-1] = before // the next line may complete another one
			}
			return p.found(groups, before), nil
		}
	}
	return nil, nil
}

// matchPair does what matchAll does, for two patterns. The first of them often
// matches nearly every line and the second hardly any, so the second is tried
// first, and the first only when it has matched: on the line before.
func (m *running) matchPair(lines *history) (*problem, error) {
	groups, err := m.Patterns[1].match(lines.line(lines.newest))
	if err != nil {
		return nil, err
	}
	before := m.held
	m.held = nil
	if groups == nil {
		return nil, nil
	}
	if before == nil {
		if lines.newest-1 < m.since {
			return nil, nil
		}
		first, err := m.Patterns[0].match(lines.line(lines.newest - 1))
		if first == nil || err != nil {
			return nil, err
		}
		before = m.Patterns[0].found(first, nil)
	}
	m.forget(lines.newest)
	if m.Patterns[1].Loop {
		m.held = before
	}
	return m.Patterns[1].found(groups, before), nil
}

// forget forgets what was found in the lines up to n.
func (m *running) forget(n int) {
	m.since, m.held = n+1, nil
	clear(m.partial)
}

// match matches a line; nil is no match.
func (p *Pattern) match(l *line) (*regexp2.Match, error) {
	e := p.expression
	text := l.plain
	if e.coloured {
		text = l.raw
	}
	if !e.possible(text) {
		return nil, nil
	}
	return e.match(l.runes(e.coloured))
}

// found is what a match adds to what the patterns before have found (nil for nothing).
func (p *Pattern) found(groups *regexp2.Match, before *problem) *problem {
	found := new(problem)
	if before != nil {
		*found = *before
	}
	for _, part := range []struct {
		to    *string
		group *int
	}{
		{&found.file, p.File}, {&found.line, p.Line}, {&found.column, p.Column},
		{&found.severity, p.Severity}, {&found.message, p.Message}, {&found.fromPath, p.FromPath},
	} {
		if part.group == nil {
			continue
		}
		if group := groups.GroupByNumber(*part.group); group != nil {
			*part.to = group.String()
		}
	}
	return found
}
