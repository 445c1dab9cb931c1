package expr

import (
	"strconv"
	"unicode/utf8"
)

// ErrorKind tells which stage found an error.
type ErrorKind string

// The stages.
const (
	Lexing     ErrorKind = "lexing"     // the text has a piece that is no token
	Parsing    ErrorKind = "parsing"    // the tokens are no expression, or name what is not allowed here
	Evaluation ErrorKind = "evaluation" // a function refused its arguments, or a limit was reached
)

// Error is what Parse and Eval return. Its message is GitHub's own.
type Error struct {
	Kind    ErrorKind
	Message string
	Offset  int   // in bytes, of the offending place in the source
	Length  int   // in bytes, of the offending place; 0 when it is not known
	Cause   error // what a function supplied by the caller returned; else nil
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// errorAt describes a token as ParseException.cs does.
func errorAt(kind ErrorKind, what, src string, at Span) *Error {
	// GitHub counts in UTF-16.
	position := utf16Len(src[:at.Start]) + 1
	return &Error{
		Kind: kind,
		Message: what + ": '" + src[at.Start:at.End] + "'. Located at position " +
			strconv.Itoa(position) + " within expression: " + src,
		Offset: at.Start,
		Length: at.End - at.Start,
	}
}

// utf16Len returns the length of s in UTF-16 code units.
func utf16Len(s string) int {
	n := len(s)
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		n -= size - 1
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
