package workflow

import "strings"

// formatCall writes the format() call that text and expressions in turn mean.
type formatCall struct {
	format    strings.Builder // the first argument
	arguments strings.Builder // the others
	count     int             // of them

	// separable: every expression is one argument and nothing more. Where one
	// isn't, the call may be right though the expressions are not.
	separable bool
}

// newFormatCall returns a call for a scalar of size bytes.
func newFormatCall(size int) *formatCall {
	f := &formatCall{separable: true}
	f.format.Grow(size + 32)
	f.format.WriteString("format('")
	return f
}

// text adds literal text.
func (f *formatCall) text(text string) {
	for {
		i := strings.IndexAny(text, "'{}")
		if i < 0 {
			f.format.WriteString(text)
			return
		}
		f.format.WriteString(text[:i+1])
		f.format.WriteByte(text[i]) // doubled, it stands for itself
		text = text[i+1:]
	}
}

// argument adds an expression.
func (f *formatCall) argument(source string) {
	f.format.WriteString("{" + itoa(f.count) + "}")
	f.arguments.WriteString(", ")
	f.arguments.WriteString(source)
	f.count++
	f.separable = f.separable && standsAlone(source)
}

// source returns the call; nothing may be added after.
func (f *formatCall) source() string {
	f.format.WriteByte('\'')
	f.format.WriteString(f.arguments.String())
	f.format.WriteByte(')')
	return f.format.String()
}

// standsAlone reports whether source, put between the commas of a call, is one
// argument and nothing more: its brackets match and no comma is outside them.
func standsAlone(source string) bool {
	depth, inString := 0, false
	for i := 0; i < len(source); i++ {
		c := source[i]
		if c == '\'' {
			inString = !inString
		}
		if inString {
			continue
		}
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth < 0 {
				return false
			}
		case ',':
			if depth == 0 {
				return false
			}
		}
	}
	return depth == 0 && !inString
}
