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
	var v Value
	if err := e.eval(x.root, 0, &v); err != nil {
		return Value{}, err
	}
	return v.settled(), nil
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

// eval evaluates n, which stands at this level below the root, into v, and
// counts the memory that takes. For speed it is a switch and not a method of
// Node, which would move the evaluator to the heap, and it does not return the
// value, which would be copied at every level.
func (e *evaluator) eval(n Node, level int, v *Value) (err error) {
	boxed := false // GitHub boxes what comes out of a collection
	switch n := n.(type) {
	case *Literal:
		*v = n.Value
	case *Context:
		e.contexts.get(n.Name, v)
		boxed = true
	case *Index:
		err = e.index(n, level, v)
		boxed = true
	case *Call:
		*v, err = e.call(n, level)
		boxed = n.fn == fnFromJSON
	case *Binary:
		err = e.binary(n, level, v)
	case *Logical:
		err = e.logical(n, level, v)
	case *Unary:
		err = e.eval(n.X, level+1, v)
		*v = Bool(!v.Truthy())
	}
	if err == nil && !e.memory.value(level, v, boxed) {
		return errMemory(e.root)
	}
	return err
}

func (e *evaluator) binary(n *Binary, level int, x *Value) error {
	var y Value
	if err := e.eval(n.X, level+1, x); err != nil {
		return err
	}
	if err := e.eval(n.Y, level+1, &y); err != nil {
		return err
	}
	var b bool
	switch n.Op {
	case Equal:
		b = x.Equal(y)
	case NotEqual:
		b = !x.Equal(y)
	case Less:
		b = less(*x, y)
	case LessEqual:
		b = less(*x, y) || x.Equal(y)
	case Greater:
		b = less(y, *x)
	case GreaterEqual:
		b = less(y, *x) || x.Equal(y)
	}
	*x = Bool(b)
	return nil
}

func (e *evaluator) logical(n *Logical, level int, v *Value) error {
	for _, arg := range n.Args {
		if err := e.eval(arg, level+1, v); err != nil {
			return err
		}
		if v.Truthy() == (n.Op == Or) {
			break
		}
	}
	return nil
}

// index evaluates what is indexed into v, and then what is found in it. The
// key matters only in a collection: in anything else nothing is found.
func (e *evaluator) index(n *Index, level int, v *Value) error {
	if err := e.eval(n.X, level+1, v); err != nil {
		return err
	}
	if v.kind.primitive() {
		*v = Value{}
		if n.Form == Wildcard {
			*v = filteredArray(nil)
		}
		return nil
	}
	if n.Form != Computed && !e.memory.add(level+1, stringBytes(n.Name), true) {
		return errMemory(e.root)
	}
	if n.Form == Property && v.kind == KindObject {
		v.ref.get(n.Name, v)
		return nil
	}
	return e.indexAny(n, level, v)
}

// indexAny is index for every collection and key.
func (e *evaluator) indexAny(n *Index, level int, v *Value) error {
	key := String(n.Name)
	if n.Form == Computed {
		if err := e.eval(n.Key, level+1, &key); err != nil {
			return err
		}
	}
	if v.filtered || n.Form == Wildcard {
		items := v.ref.values
		if v.filtered {
			items = each(items, n.Form, key)
		}
		if !e.memory.add(level, referenceBytes*len(items), false) {
			return errMemory(n)
		}
		*v = filteredArray(items)
		return nil
	}
	*v, _ = lookup(*v, key)
	return nil
}

// each applies an index to every item of a filtered array.
func each(items []Value, form IndexForm, key Value) []Value {
	all := make([]Value, 0, len(items))
	for _, item := range items {
		if item.kind.primitive() {
			continue
		}
		if form == Wildcard {
			all = append(all, item.ref.values...)
		} else if v, ok := lookup(item, key); ok {
			all = append(all, v)
		}
	}
	return all
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
