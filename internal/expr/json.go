package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of how deeply JSON may nest.
const (
	maxJSONDepth  = 64   // in fromJSON (Newtonsoft.Json, JsonReader.MaxDepth)
	maxInputDepth = 1000 // in what we read ourselves
)

// FromJSON reads one JSON document, RFC 8259. Keys of objects ignore case: of
// keys that differ only in case, as of equal ones, the last value is kept, at
// the place and with the spelling of the first.
func FromJSON(data []byte) (Value, error) {
	r := jsonReader{src: string(data), maxDepth: maxInputDepth}
	return r.document()
}

// UnmarshalJSON reads v as FromJSON does.
func (v *Value) UnmarshalJSON(data []byte) (err error) {
	*v, err = FromJSON(data)
	return err
}

// jsonReader reads JSON into Values; strings without escapes share its source.
//
// A lenient one also takes what GitHub's fromJSON takes, because Newtonsoft's
// reader does, and workflows rely on: strings in single quotes, unquoted keys,
// comments, a comma after the last item, line breaks and other control
// characters in strings, NaN and Infinity.
type jsonReader struct {
	src      string
	pos      int
	lenient  bool
	maxDepth int
}

// document reads the whole source as one value.
func (r *jsonReader) document() (Value, error) {
	if err := r.skip(); err != nil {
		return Value{}, err
	}
	if r.pos == len(r.src) {
		return Value{}, errors.New("empty input")
	}
	v, err := r.value(1)
	if err == nil {
		err = r.skip()
	}
	if err == nil && r.pos < len(r.src) {
		err = r.unexpected("the end")
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}

// unexpected says what was found at r.pos instead of what was wanted.
func (r *jsonReader) unexpected(wanted string) error {
	before := r.src[:r.pos]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	found := "end of input"
	if r.pos < len(r.src) {
		c, _ := utf8.DecodeRuneInString(r.src[r.pos:])
		found = strconv.QuoteRune(c)
	}
	return fmt.Errorf("unexpected %s at line %d, column %d: expected %s", found, line, column, wanted)
}

// peek returns the next byte, 0 at the end.
func (r *jsonReader) peek() byte {
	if r.pos < len(r.src) {
		return r.src[r.pos]
	}
	return 0
}

// skip moves over space, and over comments where they are allowed.
func (r *jsonReader) skip() error {
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			r.pos++
		case r.lenient && c == '/':
			if err := r.comment(); err != nil {
				return err
			}
		case r.lenient && c >= utf8.RuneSelf:
			s, size := utf8.DecodeRuneInString(r.src[r.pos:])
			if !unicode.IsSpace(s) {
				return nil
			}
			r.pos += size
		default:
			return nil
		}
	}
	return nil
}

func (r *jsonReader) comment() error {
	rest := r.src[r.pos:]
	switch {
	case strings.HasPrefix(rest, "//"):
		n := strings.IndexByte(rest, '\n')
		if n < 0 {
			n = len(rest)
		}
		r.pos += n
	case strings.HasPrefix(rest, "/*"):
		n := strings.Index(rest[2:], "*/")
		if n < 0 {
			r.pos = len(r.src)
			return r.unexpected("the end of a comment")
		}
		r.pos += n + 4
	default:
		return r.unexpected("a value")
	}
	return nil
}

// value reads the value r.pos stands on.
func (r *jsonReader) value(depth int) (Value, error) {
	switch c := r.peek(); {
	case c == '{' || c == '[':
		if depth > r.maxDepth {
			return Value{}, fmt.Errorf("nested more than %d deep", r.maxDepth)
		}
		if c == '{' {
			return r.object(depth)
		}
		return r.array(depth)
	case c == '"' || c == '\'' && r.lenient:
		s, err := r.string()
		return String(s), err
	case c == '-' || isDigit(c):
		return r.number()
	}
	switch {
	case r.word("null"):
		return Null(), nil
	case r.word("true"):
		return Bool(true), nil
	case r.word("false"):
		return Bool(false), nil
	case r.lenient && r.word("NaN"):
		return Number(parseNumber("NaN")), nil
	case r.lenient && r.word("Infinity"):
		return Number(parseNumber("Infinity")), nil
	}
	return Value{}, r.unexpected("a value")
}

// word moves over w if it stands next.
func (r *jsonReader) word(w string) bool {
	if !strings.HasPrefix(r.src[r.pos:], w) {
		return false
	}
	r.pos += len(w)
	return true
}

func (r *jsonReader) number() (Value, error) {
	start := r.pos
	if r.peek() == '-' {
		r.pos++
		if r.lenient && r.word("Infinity") {
			return Number(parseNumber("-Infinity")), nil
		}
	}
	first := r.pos
	if err := r.digits(); err != nil {
		return Value{}, err
	}
	if r.src[first] == '0' && r.pos > first+1 {
		r.pos = first
		return Value{}, r.unexpected("a number without leading zeros")
	}
	if r.peek() == '.' {
		r.pos++
		if err := r.digits(); err != nil {
			return Value{}, err
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.pos++
		if c := r.peek(); c == '+' || c == '-' {
			r.pos++
		}
		if err := r.digits(); err != nil {
			return Value{}, err
		}
	}
	return Number(parseNumber(r.src[start:r.pos])), nil
}

// digits moves over one digit or more.
func (r *jsonReader) digits() error {
	if !isDigit(r.peek()) {
		return r.unexpected("a digit")
	}
	for isDigit(r.peek()) {
		r.pos++
	}
	return nil
}

func (r *jsonReader) array(depth int) (Value, error) {
	var items []Value
	for {
		more, err := r.item(']', len(items) == 0)
		if err != nil || !more {
			return Array(items), err
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		items = append(items, v)
	}
}

func (r *jsonReader) object(depth int) (Value, error) {
	o := &Object{}
	for first := true; ; first = false {
		more, err := r.item('}', first)
		if err != nil || !more {
			return FromObject(o), err
		}
		key, err := r.key()
		if err != nil {
			return Value{}, err
		}
		if err := r.skip(); err != nil {
			return Value{}, err
		}
		if r.peek() != ':' {
			return Value{}, r.unexpected("':'")
		}
		r.pos++
		if err := r.skip(); err != nil {
			return Value{}, err
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		o.Set(key, v)
	}
}

// item moves from a collection's opening bracket, or from the end of an item,
// to the next item, and reports whether there is one before the end bracket.
func (r *jsonReader) item(end byte, first bool) (bool, error) {
	if first {
		r.pos++
	}
	if err := r.skip(); err != nil {
		return false, err
	}
	if !first && r.peek() != end {
		if r.peek() != ',' {
			return false, r.unexpected("',' or '" + string(end) + "'")
		}
		r.pos++
		if err := r.skip(); err != nil {
			return false, err
		}
		if r.peek() == end && !r.lenient {
			return false, r.unexpected("another item after ','")
		}
	}
	if r.peek() == end {
		r.pos++
		return false, nil
	}
	return true, nil
}

func (r *jsonReader) key() (string, error) {
	if c := r.peek(); c == '"' || c == '\'' && r.lenient {
		return r.string()
	}
	start := r.pos
	for r.lenient && r.pos < len(r.src) {
		c, size := utf8.DecodeRuneInString(r.src[r.pos:])
		if c != '_' && c != '$' && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			break
		}
		r.pos += size
	}
	if r.pos == start {
		return "", r.unexpected("a key")
	}
	return r.src[start:r.pos], nil
}

// string reads the string whose quote r.pos stands on.
func (r *jsonReader) string() (string, error) {
	quote := r.src[r.pos]
	r.pos++
	start := r.pos
	var out []byte // only once there was an escape
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; {
		case c == quote:
			s := r.src[start:r.pos]
			r.pos++
			if out == nil {
				return s, nil
			}
			return string(append(out, s...)), nil
		case c == '\\':
			out = append(out, r.src[start:r.pos]...)
			decoded, err := r.escape(out)
			if err != nil {
				return "", err
			}
			out, start = decoded, r.pos
		case c < ' ' && !r.lenient:
			return "", r.unexpected("an escape for a control character")
		default:
			r.pos++
		}
	}
	return "", r.unexpected("the end of a string")
}

// escape appends what the escape sequence at r.pos stands for.
func (r *jsonReader) escape(out []byte) ([]byte, error) {
	r.pos++
	c := r.peek()
	const plain, meaning = `"\/bfnrt'`, "\"\\/\b\f\n\r\t'"
	if i := strings.IndexByte(plain, c); i >= 0 && (c != '\'' || r.lenient) {
		r.pos++
		return append(out, meaning[i]), nil
	}
	if c != 'u' {
		return nil, r.unexpected("an escape sequence")
	}
	r.pos++
	char, err := r.hex4()
	if err != nil {
		return nil, err
	}
	if utf16.IsSurrogate(char) {
		high := char
		char = utf8.RuneError // unless its other half follows
		if strings.HasPrefix(r.src[r.pos:], `\u`) {
			back := r.pos
			r.pos += 2
			low, err := r.hex4()
			if err != nil {
				return nil, err
			}
			if char = utf16.DecodeRune(high, low); char == utf8.RuneError {
				r.pos = back
			}
		}
	}
	return utf8.AppendRune(out, char), nil
}

func (r *jsonReader) hex4() (rune, error) {
	var n rune
	for range 4 {
		c := r.peek()
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, r.unexpected("four hexadecimal digits")
		}
		n = n<<4 | rune(c)
		r.pos++
	}
	return n, nil
}
