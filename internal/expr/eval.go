package expr

import "math"

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
	v, err := x.root.eval(&e, 0)
	v.filtered = false
	return v, err
}

// evaluator is one evaluation.
type evaluator struct {
	root      Node
	contexts  *Object
	functions []Function
	memory    memory
}

// made counts a value that a node at this level computed.
func (e *evaluator) made(level int, v Value) (Value, error) {
	bytes := objectBytes
	if v.kind == KindString {
		bytes = stringBytes(v.str)
	}
	return e.count(level, bytes, v)
}

// found counts a value that a node at this level got out of a collection:
// GitHub holds those boxed.
func (e *evaluator) found(level int, v Value) (Value, error) {
	bytes := objectBytes
	switch v.kind {
	case KindNull:
		return e.count(level, bytes, v)
	case KindString:
		bytes += stringBytes(v.str)
	case KindBoolean, KindNumber:
		bytes += objectBytes
	}
	if !e.memory.add(level, bytes, false) {
		return Value{}, errMemory(e.root)
	}
	return v, nil
}

func (e *evaluator) count(level, bytes int, v Value) (Value, error) {
	if !e.memory.add(level, bytes, v.kind.primitive()) {
		return Value{}, errMemory(e.root)
	}
	return v, nil
}

func (n *Literal) eval(e *evaluator, level int) (Value, error) { return e.made(level, n.Value) }

func (n *Context) eval(e *evaluator, level int) (Value, error) {
	v, _ := e.contexts.Get(n.Name)
	return e.found(level, v)
}

func (n *Unary) eval(e *evaluator, level int) (Value, error) {
	x, err := n.X.eval(e, level+1)
	if err != nil {
		return Value{}, err
	}
	return e.made(level, Bool(!x.Truthy()))
}

func (n *Binary) eval(e *evaluator, level int) (Value, error) {
	x, err := n.X.eval(e, level+1)
	if err != nil {
		return Value{}, err
	}
	y, err := n.Y.eval(e, level+1)
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
	return e.made(level, Bool(b))
}

func (n *Logical) eval(e *evaluator, level int) (v Value, err error) {
	for _, arg := range n.Args {
		v, err = arg.eval(e, level+1)
		if err != nil {
			return Value{}, err
		}
		if v.Truthy() == (n.Op == Or) {
			break
		}
	}
	return e.made(level, v)
}

// eval looks up the key only in a collection: in anything else nothing is
// found, whatever the key.
func (n *Index) eval(e *evaluator, level int) (Value, error) {
	x, err := n.X.eval(e, level+1)
	if err != nil {
		return Value{}, err
	}
	if x.kind.primitive() {
		if n.Form == Wildcard {
			return e.count(level, objectBytes, filteredArray(nil))
		}
		return e.made(level, Value{})
	}
	key := Value{kind: KindString, str: n.Name}
	switch n.Form {
	case Wildcard:
		key.str = "*"
		_, err = e.made(level+1, key)
	case Property:
		_, err = e.made(level+1, key)
	case Computed:
		key, err = n.Key.eval(e, level+1)
	}
	if err != nil {
		return Value{}, err
	}
	switch {
	case x.filtered:
		return n.each(e, level, x.ref.values, key)
	case n.Form == Wildcard:
		return n.collect(e, level, objectBytes, append([]Value(nil), x.ref.values...))
	}
	v, _ := lookup(x, key)
	return e.found(level, v)
}

// each applies the index to every item of a filtered array.
func (n *Index) each(e *evaluator, level int, items []Value, key Value) (Value, error) {
	var all []Value
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
	return n.collect(e, level, 0, all)
}

// collect makes a filtered array; bytes is what it counts for when empty.
func (n *Index) collect(e *evaluator, level, bytes int, items []Value) (Value, error) {
	bytes += referenceBytes * len(items)
	if bytes > e.memory.max {
		return Value{}, errMemory(n)
	}
	return e.count(level, bytes, filteredArray(items))
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
