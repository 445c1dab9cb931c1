package expr

import "strings"

// format replaces each `{N}` of the first argument by the text of argument
// N+1. The whole format is checked before any other argument is evaluated,
// and each of those is evaluated at most once (Format.cs).
func (e *evaluator) format(n *Call, level int) (Value, error) {
	v, err := e.arg(n, level, 0)
	if err != nil {
		return Value{}, err
	}
	memory := counter{max: e.memory.max}
	check := formatReader{format: v.Text()}
	for check.next() {
		switch p := check.piece; {
		case p.arg > len(n.Args)-2:
			return Value{}, n.fail("The following format string references more arguments than were supplied: " + check.format)
		case p.text != "" && !memory.add(stringBytes(p.text)):
			return Value{}, errMemory(n)
		}
	}
	if check.invalid {
		return Value{}, n.fail("The following format string is invalid: " + check.format)
	}
	var few [8]formatArg
	args := few[:]
	if len(n.Args)-1 > len(few) {
		args = make([]formatArg, len(n.Args)-1)
	}
	var buf [256]byte
	out := buf[:0]
	for r := (formatReader{format: check.format}); r.next(); {
		text := r.piece.text
		if i := r.piece.arg; i >= 0 {
			text, err = e.formatted(n, level, &args[i], r.piece)
			if err != nil {
				return Value{}, err
			}
			if text != "" && !memory.add(stringBytes(text)) {
				return Value{}, errMemory(n)
			}
		}
		out = append(out, text...)
	}
	return String(string(out)), nil
}

// formatArg is an argument of format, once it was needed.
type formatArg struct {
	known bool
	kind  Kind
	text  string
}

// formatted returns the text of the argument that p asks for, which arg keeps.
func (e *evaluator) formatted(n *Call, level int, arg *formatArg, p formatPiece) (string, error) {
	if !arg.known {
		v, err := e.arg(n, level, p.arg+1)
		if err != nil {
			return "", err
		}
		*arg = formatArg{true, v.kind, v.Text()}
	}
	if p.specifiers != "" {
		return "", n.fail("The format specifiers '" + p.specifiers + "' are not valid for objects of type '" + arg.kind.String() + "'")
	}
	return arg.text, nil
}

// formatPiece is literal text, or a placeholder.
type formatPiece struct {
	text       string
	arg        int    // -1 for text
	specifiers string // what stands after a `:`
}

// formatReader splits a format string into pieces.
type formatReader struct {
	format  string
	pos     int
	piece   formatPiece
	invalid bool
}

// next reads the next piece and reports whether there is one; it ends early,
// with invalid set, at braces that make no sense.
func (r *formatReader) next() bool {
	rest := r.format[r.pos:]
	if rest == "" {
		return false
	}
	n := 0
	for n < len(rest) && rest[n] != '{' && rest[n] != '}' {
		n++
	}
	switch {
	case n == len(rest):
	case n+1 < len(rest) && rest[n+1] == rest[n]: // an escaped brace ends the piece
		r.piece = formatPiece{text: rest[:n+1], arg: -1}
		r.pos += n + 2
		return true
	case rest[n] == '}':
		r.invalid = true
		return false
	case n == 0:
		return r.placeholder()
	}
	r.piece = formatPiece{text: rest[:n], arg: -1}
	r.pos += n
	return true
}

// placeholder reads `{N}` or `{N:specifiers}`; N is at most 255.
func (r *formatReader) placeholder() bool {
	i := r.pos + 1
	arg := 0
	for ; i < len(r.format) && isDigit(r.format[i]) && arg <= 255; i++ {
		arg = 10*arg + int(r.format[i]-'0')
	}
	specifiers, end, ok := r.specifiers(i)
	if i == r.pos+1 || arg > 255 || !ok {
		r.invalid = true
		return false
	}
	r.piece = formatPiece{arg: arg, specifiers: specifiers}
	r.pos = end
	return true
}

// specifiers reads what stands between the number, which ends at i, and the
// closing brace, and returns where the placeholder ends. In it `}}` is a brace.
func (r *formatReader) specifiers(i int) (text string, end int, ok bool) {
	if i < len(r.format) && r.format[i] == '}' {
		return "", i + 1, true
	}
	if i >= len(r.format) || r.format[i] != ':' {
		return "", 0, false
	}
	var b strings.Builder
	for i++; i < len(r.format); i++ {
		if r.format[i] == '}' {
			if i+1 == len(r.format) || r.format[i+1] != '}' {
				return b.String(), i + 1, true
			}
			i++
		}
		b.WriteByte(r.format[i])
	}
	return "", 0, false
}
