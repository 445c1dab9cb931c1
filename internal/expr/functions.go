package expr

import "math"

// Function is a function that the caller supplies: its name and numbers of
// arguments to Parse, its body to Eval. Max is math.MaxInt for any number.
type Function struct {
	Name     string
	Min, Max int
	// Call computes the result. An error that is no *Error becomes the message
	// of an Evaluation error at the call. It must be safe for concurrent use
	// when the Scope is.
	Call func(c *Call, args []Value) (Value, error)
}

// builtin is the index in builtins of a function every expression may call.
type builtin uint8

const (
	fnContains builtin = iota
	fnStartsWith
	fnEndsWith
	fnFormat
	fnJoin
	fnToJSON
	fnFromJSON
	fnCase
	external // not built in
)

var builtins = [...]Function{
	fnContains:   {Name: "contains", Min: 2, Max: 2},
	fnStartsWith: {Name: "startsWith", Min: 2, Max: 2},
	fnEndsWith:   {Name: "endsWith", Min: 2, Max: 2},
	fnFormat:     {Name: "format", Min: 1, Max: math.MaxUint8},
	fnJoin:       {Name: "join", Min: 1, Max: 2},
	fnToJSON:     {Name: "toJSON", Min: 1, Max: 1},
	fnFromJSON:   {Name: "fromJSON", Min: 1, Max: 1},
	fnCase:       {Name: "case", Min: 3, Max: math.MaxUint8},
}
