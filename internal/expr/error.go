package expr

import "strconv"

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

// utf16Len returns the length of UTF-8 text in UTF-16 code units.
func utf16Len[T string | []byte](s T) int {
	n := 0
	for i := range len(s) {
		if s[i]&0xC0 != 0x80 { // the first byte of a character
			n++
		}
		if s[i] >= 0xF0 { // one beyond U+FFFF
			n++
		}
	}
	return n
}
