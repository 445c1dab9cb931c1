// Package fault gives errors two audiences: a stable code and a message a
// person can act on outside, the wrapped cause inside. It imports nothing of ours.
package fault

import (
	"errors"
	"fmt"
)

// Code is a stable, machine-readable class of error. Codes are part of the
// product's interface: they appear in JSON output and never change meaning.
type Code string

// The codes in use.
const (
	Usage     Code = "usage"       // the caller asked for something that makes no sense
	Invalid   Code = "invalid"     // an input file was read and is wrong
	NotFound  Code = "not_found"   // a named thing does not exist
	Missing   Code = "missing"     // a program or feature this machine lacks
	Conflict  Code = "conflict"    // the world changed under the operation
	Forbidden Code = "forbidden"   // known, and not allowed
	Cancelled Code = "cancelled"   // stopped on purpose
	Internal  Code = "internal"    // ours to fix
	Upstream  Code = "unavailable" // something outside did not answer
)

// Error is an error a person is meant to read.
type Error struct {
	Code    Code
	Message string // what happened, what was expected, what to do; no trailing period needed
	Cause   error  // for logs; nil when the message says everything
}

// New returns an *Error whose message is formatted from format and args.
// A %w verb sets Cause as fmt.Errorf would.
func New(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// Error returns the public message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// CodeOf returns the code of the first *Error in err's chain, or Internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
