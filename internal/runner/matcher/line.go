package matcher

import "bytes"

// history is the newest line of a step and the one before, in storage that is
// used again and again.
type history struct {
	newest int // line's number, from 1
	last   [2]line
}

// line returns one of the two lines by its number.
func (h *history) line(number int) *line { return &h.last[number%2] }

// add adds a new line.
func (h *history) add(text []byte) *line {
	h.newest++
	l := h.line(h.newest)
	l.set(text)
	return l
}

// line is a line of output in the forms patterns want it in.
type line struct {
	raw, plain           []byte // with and without colours
	rawRunes, plainRunes []rune // as the engine wants it; made when asked for
	haveRaw, havePlain   bool
}

func (l *line) set(text []byte) {
	l.raw = append(l.raw[:0], text...)
	l.plain = withoutColours(l.raw)
	l.haveRaw, l.havePlain = false, false
}

// runes is the line as the engine wants it, until the next set.
func (l *line) runes(coloured bool) []rune {
	text, runes, have := l.plain, &l.plainRunes, &l.havePlain
	if coloured {
		text, runes, have = l.raw, &l.rawRunes, &l.haveRaw
	}
	if !*have {
		*have = true
		*runes = (*runes)[:0]
		for _, r := range string(text) {
			*runes = append(*runes, r)
		}
	}
	return *runes
}

// withoutColours removes ANSI colour codes: ESC [ digits and semicolons m.
// (The runner means to, but its source writes ESC in a way C# reads otherwise.)
// It returns text itself when there are none.
func withoutColours(text []byte) []byte {
	start := bytes.Index(text, []byte("\x1b["))
	if start < 0 {
		return text
	}
	out := bytes.Clone(text[:start])
	for i := start; i < len(text); {
		if !bytes.HasPrefix(text[i:], []byte("\x1b[")) {
			out = append(out, text[i])
			i++
			continue
		}
		i += 2
		for i < len(text) && ('0' <= text[i] && text[i] <= '9' || text[i] == ';') {
			i++
		}
		if i < len(text) && text[i] == 'm' {
			i++
		}
	}
	return out
}
