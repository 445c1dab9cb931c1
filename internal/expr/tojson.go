package expr

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// ToJSON returns v as the function toJSON does: indented by two spaces,
// numbers with 15 significant digits.
func (v Value) ToJSON() string {
	w := jsonWriter{memory: counter{max: math.MaxInt}}
	w.indented(v, 0)
	return string(w.out)
}

// MarshalJSON returns v on one line. Numbers keep their full precision; those
// JSON has not are the strings "NaN", "Infinity" and "-Infinity". That keys of
// an object are case-sensitive is not kept.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// AppendJSON appends what MarshalJSON returns.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case KindNull:
		return append(dst, "null"...)
	case KindNumber:
		return appendNumber(dst, v.num)
	case KindString:
		return appendQuoted(dst, v.str)
	case KindArray:
		dst = append(dst, '[')
		for i, item := range v.ref.values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.AppendJSON(dst)
		}
		return append(dst, ']')
	case KindObject:
		dst = append(dst, '{')
		for i, item := range v.ref.values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, v.ref.keys[i]), ':')
			dst = item.AppendJSON(dst)
		}
		return append(dst, '}')
	}
	return append(dst, v.Text()...)
}

func appendNumber(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(append(append(dst, '"'), formatNumber(f)...), '"')
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

// jsonWriter writes toJSON's layout, and counts it piece by piece as GitHub
// does (ToJson.cs).
type jsonWriter struct {
	out    []byte
	memory counter
}

// indented writes v, whose parents are level many, and reports whether the
// memory limit still holds.
func (w *jsonWriter) indented(v Value, level int) bool {
	start := len(w.out)
	switch {
	case v.kind == KindString:
		w.out = appendQuoted(w.out, v.str)
	case v.kind.primitive():
		w.out = append(w.out, v.scalar()...)
	case len(v.ref.values) == 0 && v.kind == KindArray:
		w.out = append(w.out, "[]"...)
	case len(v.ref.values) == 0:
		w.out = append(w.out, "{}"...)
	default:
		return w.collection(v, level)
	}
	return w.count(start)
}

func (w *jsonWriter) collection(v Value, level int) bool {
	open, end := byte('['), byte(']')
	if v.kind == KindObject {
		open, end = '{', '}'
	}
	start := len(w.out)
	w.out = append(w.out, open)
	if !w.count(start) {
		return false
	}
	for i, item := range v.ref.values {
		start = len(w.out)
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.newLine(level + 1)
		if v.kind == KindObject {
			w.out = appendQuoted(w.out, v.ref.keys[i])
			if !w.count(start) {
				return false
			}
			w.out = append(w.out, ": "...)
		}
		if !w.indented(item, level+1) {
			return false
		}
	}
	start = len(w.out)
	w.newLine(level)
	w.out = append(w.out, end)
	return w.count(start)
}

func (w *jsonWriter) newLine(level int) {
	w.out = append(w.out, '\n')
	for range level {
		w.out = append(w.out, "  "...)
	}
}

// count counts what was written since start.
func (w *jsonWriter) count(start int) bool {
	return w.memory.add(stringBytes(w.out[start:]))
}

// scalar returns what JSON shows for null, booleans and numbers.
func (v Value) scalar() string {
	if v.kind == KindNull {
		return "null"
	}
	return v.Text()
}

// appendQuoted appends s as a JSON string, with the escapes that GitHub's
// toJSON uses (Newtonsoft.Json, JavaScriptUtils). Invalid UTF-8 becomes U+FFFD.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch r {
			case '\u0085':
				dst = append(dst, `\u0085`...)
			case '\u2028', '\u2029':
				dst = append(dst, `\u202`...)
				dst = append(dst, hex[r&0xF])
			default:
				dst = utf8.AppendRune(dst, r)
			}
			i += size
			continue
		}
		i++
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			if c < ' ' {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xF])
				continue
			}
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
