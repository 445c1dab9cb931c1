package expr

import (
	"math"
	"slices"
)

// Scope is what an expression is evaluated against. It is only read, so one
// Scope serves concurrent evaluations as long as nobody changes its objects.
type Scope struct {
	Contexts  *Object    // by name; a context that is absent is null
	Functions []Function // those the expression may call besides the built-in ones
	MaxBytes  int        // memory limit as GitHub counts it; 0 is DefaultMaxBytes
}

// Eval evaluates x. The error is an *Error of the Evaluation kind.
func (x *Expr) Eval(s *Scope) (Value, error) {
	e := evaluator{root: x.root}
	if s != nil {
		e.contexts, e.functions, e.memory.max = s.Contexts, s.Functions, s.MaxBytes
	}
	if e.memory.max <= 0 {
		e.memory.max = DefaultMaxBytes
	}
	v, err := e.eval(x.root, 0)
	return v.settled(), err
}

// settled returns v as the world outside of the expression sees it: an array
// made by a wildcard is one like any other, and shares nothing with the
// object it was made of.
func (v Value) settled() Value {
	if v.filtered {
		return Array(slices.Clone(v.ref.values))
	}
	return v
}

// evaluator is one evaluation.
type evaluator struct {
	root      Node
	contexts  *Object
	functions []Function
	memory    memory
}

// eval evaluates n, which stands at this level below the root, and counts the
// memory its value takes. It is a switch and not a method of Node so that the
// evaluator stays on the stack.
func (e *evaluator) eval(n Node, level int) (v Value, err error) {
	boxed := false // GitHub boxes what comes out of a collection
	switch n := n.(type) {
	case *Literal:
		v = n.Value
	case *Context:
		v, _ = e.contexts.Get(n.Name)
		boxed = true
	case *Index:
		v, err = e.index(n, level)
		boxed = true
	case *Call:
		v, err = e.call(n, level)
		boxed = n.fn == fnFromJSON
	case *Binary:
		v, err = e.binary(n, level)
	case *Logical:
		v, err = e.logical(n, level)
	case *Unary:
		v, err = e.eval(n.X, level+1)
		v = Bool(!v.Truthy())
	}
	if err != nil {
		return Value{}, err
	}
	if !e.memory.value(level, v.kind, v.str, boxed) {
		return Value{}, errMemory(e.root)
	}
	return v, nil
}

func (e *evaluator) binary(n *Binary, level int) (Value, error) {
	x, err := e.eval(n.X, level+1)
	if err != nil {
		return Value{}, err
	}
	y, err := e.eval(n.Y, level+1)
	if err != nil {
		return Value{}, err
	}
	var b bool
	switch n.Op {
	case Equal:
		b = x.Equal(y)
	case NotEqual:
		b = !x.Equal(y)
	case Less:
		b = less(x, y)
	case LessEqual:
		b = less(x, y) || x.Equal(y)
	case Greater:
		b = less(y, x)
	case GreaterEqual:
		b = less(y, x) || x.Equal(y)
	}
	return Bool(b), nil
}

func (e *evaluator) logical(n *Logical, level int) (v Value, err error) {
	for _, arg := range n.Args {
		v, err = e.eval(arg, level+1)
		if err != nil {
			return Value{}, err
		}
		if v.Truthy() == (n.Op == Or) {
			break
		}
	}
	return v, nil
}

// index looks up the key only in a collection: in anything else nothing is
// found, whatever the key.
func (e *evaluator) index(n *Index, level int) (Value, error) {
	x, err := e.eval(n.X, level+1)
	if err != nil {
		return Value{}, err
	}
	if x.kind.primitive() {
		if n.Form == Wildcard {
			return filteredArray(nil), nil
		}
		return Value{}, nil
	}
	var key Value
	switch n.Form {
	case Computed:
		if key, err = e.eval(n.Key, level+1); err != nil {
			return Value{}, err
		}
	default:
		key = String(n.Name)
		if !e.memory.value(level+1, KindString, n.Name, false) {
			return Value{}, errMemory(e.root)
		}
	}
	switch {
	case x.kind == KindObject && n.Form == Property:
		v, _ := x.ref.Get(n.Name)
		return v, nil
	case x.filtered:
		return e.each(n, level, x.ref.values, key)
	case n.Form == Wildcard:
		return e.collect(n, level, x.ref.values)
	}
	v, _ := lookup(x, key)
	return v, nil
}

// each applies the index to every item of a filtered array.
func (e *evaluator) each(n *Index, level int, items []Value, key Value) (Value, error) {
	all := make([]Value, 0, len(items))
	for _, item := range items {
		if item.kind.primitive() {
			continue
		}
		if n.Form == Wildcard {
			all = append(all, item.ref.values...)
		} else if v, ok := lookup(item, key); ok {
			all = append(all, v)
		}
	}
	return e.collect(n, level, all)
}

// collect makes a filtered array.
func (e *evaluator) collect(n *Index, level int, items []Value) (Value, error) {
	if !e.memory.add(level, referenceBytes*len(items), false) {
		return Value{}, errMemory(n)
	}
	return filteredArray(items), nil
}

// lookup finds a key in an array or object.
func lookup(x, key Value) (Value, bool) {
	if x.kind == KindObject {
		if !key.kind.primitive() {
			return Value{}, false
		}
		return x.ref.Get(key.Text())
	}
	i := math.Floor(key.Float())
	if i >= 0 && i < float64(len(x.ref.values)) { // NaN is neither
		return x.ref.values[int(i)], true
	}
	return Value{}, false
}
