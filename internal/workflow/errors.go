package workflow

import (
	"strconv"
	"unicode/utf8"
)

// Error is one reason why GitHub would not accept a file. Line is 0 when the
// reason concerns the file as a whole, File is "" when it concerns the run.
type Error struct {
	Pos
	Message string

	// Caller is the `uses:` through which File was read, when the error is
	// in a called file.
	Caller Pos
}

// Error returns the message as GitHub prints it: "file (Line: 1, Col: 2): message".
func (e *Error) Error() string { return e.place().prefix() + e.Message }

// place is the position with the call before the file's name, as GitHub puts it.
func (e *Error) place() Pos {
	pos := e.Pos
	pos.File = e.Where()
	return pos
}

// Where returns the file as GitHub prints it: its name, after the place of the
// call when a called file is meant.
func (e *Error) Where() string {
	if e.Caller.File == "" {
		return e.File
	}
	where := "In " + e.Caller.File + " " + e.Caller.lineColumn() + ": Error from called workflow"
	if e.File != "" {
		where += " " + e.File
	}
	return where
}

// prefix is what GitHub puts before a message.
func (p Pos) prefix() string {
	place := p.lineColumn()
	switch {
	case p.File != "" && place != "":
		return p.File + " " + place + ": "
	case p.File != "":
		return p.File + ": "
	case place != "":
		return place + ": "
	default:
		return ""
	}
}

func (p Pos) lineColumn() string {
	if p.Line == 0 {
		return ""
	}
	return "(Line: " + strconv.Itoa(p.Line) + ", Col: " + strconv.Itoa(p.Column) + ")"
}

// Limits of what is reported, from actions/runner ParseOptions.cs.
const (
	maxErrors        = 10
	maxMessageLength = 500 // UTF-16 units, position included
)

// errorList gathers errors in the order GitHub finds them.
type errorList struct {
	errors []*Error
}

func (l *errorList) add(pos Pos, message string) {
	if len(l.errors) < maxErrors {
		l.errors = append(l.errors, &Error{Pos: pos, Message: shorten(pos, message)})
	}
}

func (l *errorList) fail(t *Token, message string) { l.add(t.Pos(), message) }

// expect reports whether t is of the kind; GitHub's message names what was read.
func (l *errorList) expect(t *Token, kind TokenKind, reading string) bool {
	if t.Kind() == kind {
		return true
	}
	l.fail(t, "Unexpected type '"+t.Kind().String()+"' encountered while reading '"+reading+"'. The type '"+kind.String()+"' was expected.")
	return false
}

func (l *errorList) failed() bool { return len(l.errors) > 0 }

// shorten cuts a message that is, with its position, longer than GitHub reports.
func shorten(pos Pos, message string) string {
	room := maxMessageLength - utf16Len(pos.prefix())
	if len(message) <= room || utf16Len(message) <= room {
		return message
	}
	cut := 0
	for cut < len(message) {
		r, size := utf8.DecodeRuneInString(message[cut:])
		if room -= utf16RuneLen(r); room < 0 {
			break
		}
		cut += size
	}
	return message[:cut] + "[...]"
}

// utf16Len is the length of s in UTF-16 units, which is how GitHub counts.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16RuneLen(r)
	}
	return n
}

func utf16RuneLen(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
