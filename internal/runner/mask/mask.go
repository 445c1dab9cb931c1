// Package mask hides secrets in logs and messages, in every form GitHub's
// runner hides them in. It imports nothing of ours.
//
// What is hidden follows actions/runner: SecretMasker.cs (which matches, how
// they merge), ValueEncoders.cs (the eleven encodings), Worker.cs (secrets).
package mask

import (
	"strings"
	"sync"
)

// Masker knows a job's secrets. It is safe for concurrent use: what is added
// counts from the next call on. The zero value knows none and is ready to use.
type Masker struct {
	mu     sync.RWMutex
	values map[string]bool // as added
	lines  index           // forms that hold no line ending
	others index           // forms that do: never in a log line, but in messages
}

// Add hides value, each of its lines with the space around it trimmed, and
// all their encodings: what `::add-mask::` does. A blank value is ignored.
func (m *Masker) Add(value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(value)
	for line := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == '\r' || r == '\n' }) {
		m.add(strings.TrimSpace(line))
	}
}

// AddSecret is Add of a secret or a secret variable: the space around the
// whole value is no part of it.
func (m *Masker) AddSecret(value string) { m.Add(strings.TrimSpace(value)) }

// Lines masks a buffer of whole lines, such as a log's: every form of every
// secret becomes ***, and matches that overlap or touch become one. It returns
// lines itself when there is nothing to hide, else dst (whose old content is
// lost, and which may be nil) with the masked lines, grown if need be.
func (m *Masker) Lines(dst, lines []byte) []byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.lines.mask(dst, lines)
}

// String masks a message, which may have several lines.
func (m *Masker) String(s string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return string(m.others.mask(nil, m.lines.mask(nil, []byte(s))))
}

// Holds reports whether s holds a form of a secret.
func (m *Masker) Holds(s string) bool { return m.String(s) != s }
