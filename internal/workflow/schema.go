package workflow

import (
	"math"

	"slipway/internal/expr"
)

// The schema says what may stand where in a file. Its tables are generated
// from GitHub's workflow-v1.0.json, so that reading starts at no cost: they
// are data of the program, not something built when it starts.
//
//go:generate go run ./gen -workflow ../../../shared/conformance/workflow-v1.0.json -amendments gen/amendments.json -action gen/action.json -out schema_tables.go

// shapeID, an index of shapes, names a place: a definition of the schema
// together with the contexts expressions may use there. 0 is no place.
type shapeID uint16

// shape says what a value may be.
type shape struct {
	definition string // its name in GitHub's schema
	scalars    scalarSet
	constants  []string // strings accepted literally
	item       shapeID  // of a sequence; 0: no sequence may stand here
	object     uint16   // index of objects; 0: no mapping may stand here
	names      uint8    // index of namesOf; 0: no expression may stand here
}

// scalarSet says which scalars a shape accepts beside its constants.
type scalarSet uint8

const (
	acceptsNull scalarSet = 1 << iota
	acceptsBoolean
	acceptsNumber
	acceptsString
	acceptsNonEmpty
	readsExpression // as `if:` does: the string is an expression without ${{ }}
)

// object says what a mapping may hold. It may be one of several mappings; the
// keys present tell which.
type object struct {
	alternatives uint8      // a bit for each mapping it may be
	looseKey     shapeID    // of keys that are no property; 0: there may be none
	looseValue   shapeID    // of their values
	anyValue     shapeID    // of values whose key is an expression
	required     [][]string // for each alternative, in the order they are reported
	properties   []property // sorted by name
}

// property is a key that the schema knows.
type property struct {
	name  string
	value shapeID
	in    uint8 // the alternatives that have it
}

const maxArguments = math.MaxInt32

// find returns the index of the property called name, or -1.
func (o *object) find(name string) int {
	low, high := 0, len(o.properties)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if o.properties[middle].name < name {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(o.properties) && o.properties[low].name == name {
		return low
	}
	return -1
}

// acceptsText reports whether the string s may stand at the shape.
func (s *shape) acceptsText(text string) bool {
	if s.scalars&acceptsString != 0 || s.scalars&acceptsNonEmpty != 0 && text != "" {
		return true
	}
	for _, c := range s.constants {
		if c == text {
			return true
		}
	}
	return false
}

// contextNames returns what expressions may name at the shape, or nil.
func (s *shape) contextNames() *expr.Names {
	if s.names == 0 {
		return nil
	}
	return &namesOf[s.names]
}

// everyName is what may be named anywhere in any file.
var everyName = expr.Names{
	Contexts: []string{"github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs"},
	Functions: []expr.Function{
		{Name: "hashFiles", Min: 1, Max: 255},
		{Name: "always"},
		{Name: "cancelled"},
		{Name: "success", Max: maxArguments},
		{Name: "failure", Max: maxArguments},
	},
}
