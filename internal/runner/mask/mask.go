// Package mask hides secrets in logs and messages, in every form GitHub's
// runner hides them in. It imports nothing of ours.
//
// What is hidden follows actions/runner: SecretMasker.cs (which matches, how
// they merge), ValueEncoders.cs (the eleven encodings), Worker.cs (secrets).
package mask

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Masker knows a job's secrets. It is safe for concurrent use: what is added
// counts from the next call on. The zero value knows none and is ready to use.
type Masker struct {
	mu     sync.RWMutex
	values map[string]bool // what was added
	forms  map[string]bool // what is looked for
	lines  index           // forms that hold no line ending
	whole  index           // forms that do: never in a log's line, but in messages
}

// MaxForm is the length of the longest text looked for, in bytes. A longer
// form of a secret is looked for in blocks of this length, which touch and so
// become one ***. It bounds how much of an unfinished line must be held back,
// and what a repetitive text can cost; a block of a secret on its own is
// hidden, too.
const MaxForm = 1024

// Add hides value, each of its lines with the space around it trimmed, and all
// their encodings: what `::add-mask::` does. A blank value is ignored.
func (m *Masker) Add(value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(value)
	for line := range strings.FieldsFuncSeq(value, isLineEnd) {
		m.add(strings.TrimSpace(line))
	}
}

// AddSecret is Add of a secret or a secret variable: the space around the
// whole value is no part of it.
func (m *Masker) AddSecret(value string) { m.Add(strings.TrimSpace(value)) }

func isLineEnd(r rune) bool { return r == '\r' || r == '\n' }

// maxEncoded is the length in bytes up to which a value is hidden in its
// encodings, too: more than twice GitHub's limit for a secret. Beyond it they
// would cost memory for nothing.
const maxEncoded = 128 << 10

// add adds one value and its encodings. The caller holds the lock.
func (m *Masker) add(value string) {
	if value == "" || m.values[value] {
		return
	}
	if m.values == nil {
		m.values, m.forms = map[string]bool{}, map[string]bool{}
	}
	m.values[value] = true
	m.addForm(value)
	if len(value) > maxEncoded {
		return
	}
	for _, encode := range encodings {
		m.addForm(encode(value))
	}
}

// addForm adds one text to look for.
func (m *Masker) addForm(form string) {
	index := &m.lines
	if strings.ContainsFunc(form, isLineEnd) {
		index = &m.whole
	}
	for len(form) > MaxForm {
		m.addPattern(index, form[:MaxForm])
		form = form[min(MaxForm, len(form)-MaxForm):]
	}
	m.addPattern(index, form)
}

// addPattern adds a form, or a block of a long one.
func (m *Masker) addPattern(to *index, pattern string) {
	if pattern != "" && !m.forms[pattern] {
		m.forms[pattern] = true
		to.add(pattern)
	}
}

// Lines masks a buffer of whole lines, such as a log's: every form of every
// secret becomes ***, and matches that overlap or touch become one. It returns
// lines itself when there is nothing to hide, else the masked lines in dst's
// storage, grown if need be; dst may be nil and must not overlap lines.
func (m *Masker) Lines(dst, lines []byte) []byte {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := spansPool.Get().(*spans)
	defer spansPool.Put(found)
	found.list = m.lines.find(lines, found.list[:0])
	if len(found.list) == 0 {
		return lines
	}
	return replace(dst[:0], lines, found.list)
}

// Piece masks the beginning of a line that is too long to be had whole. Of
// piece it masks the first used bytes, appended to dst: the caller puts what is
// left in front of the next piece. hidden is how many bytes at the beginning of
// piece belong to a secret that the piece before ended in; the first call gives
// 0, every other one what the last call returned as left. A piece must be
// longer than MaxForm. The last one goes to Rest.
func (m *Masker) Piece(dst, piece []byte, hidden int) (masked []byte, used, left int) {
	used = len(piece) - MaxForm // a secret cut short by the piece's end starts after this
	for used > 0 && !utf8.RuneStart(piece[used]) && len(piece)-used < MaxForm+utf8.UTFMax {
		used--
	}
	found := m.findAfter(piece, hidden)
	n := 0
	for ; n < len(found) && found[n].start < used; n++ {
		if found[n].end > used {
			left, found[n].end = found[n].end-used, used
		}
	}
	return replace(dst, piece[:used], found[:n]), used, left
}

// Rest masks the end of a line that came in pieces, appended to dst.
func (m *Masker) Rest(dst, piece []byte, hidden int) []byte {
	return replace(dst, piece, m.findAfter(piece, hidden))
}

// findAfter finds what to hide in a piece whose first bytes are hidden already.
func (m *Masker) findAfter(piece []byte, hidden int) []span {
	m.mu.RLock()
	defer m.mu.RUnlock()
	found := m.lines.find(piece, nil)
	if hidden > 0 {
		found = merge(append(found, span{0, min(hidden, len(piece))}))
	}
	return found
}

// String masks a message, which may have several lines.
func (m *Masker) String(s string) string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	text := []byte(s)
	found := m.lines.find(text, nil)
	if whole := m.whole.find(text, nil); len(whole) > 0 {
		found = merge(append(found, whole...))
	}
	if len(found) == 0 {
		return s
	}
	return string(replace(nil, text, found))
}

// Holds reports whether s holds any form of a secret.
func (m *Masker) Holds(s string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	text := []byte(s)
	return len(m.lines.find(text, nil)) > 0 || len(m.whole.find(text, nil)) > 0
}

// span is a stretch of a text to hide. Offsets fit: no text is larger than a
// few MiB, and String's are messages.
type span struct{ start, end int }

type spans struct{ list []span }

var spansPool = sync.Pool{New: func() any { return new(spans) }}

// merge sorts spans and joins those that overlap or touch, in place.
func merge(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return a.start - b.start })
	out := list[:0]
	for _, s := range list {
		if n := len(out); n > 0 && s.start <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

// replace appends text to dst with each span, in order, shown as ***.
func replace(dst, text []byte, list []span) []byte {
	at := 0
	for _, s := range list {
		dst = append(dst, text[at:s.start]...)
		dst = append(dst, "***"...)
		at = s.end
	}
	return append(dst, text[at:]...)
}
