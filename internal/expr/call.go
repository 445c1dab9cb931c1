package expr

import (
	"errors"
	"strings"
)

// call calls the function. As on GitHub, the built-in ones evaluate only the
// arguments they need.
func (e *evaluator) call(n *Call, level int) (Value, error) {
	switch n.fn {
	case fnContains:
		return e.contains(n, level)
	case fnStartsWith:
		return e.compare(n, level, hasPrefixFold)
	case fnEndsWith:
		return e.compare(n, level, hasSuffixFold)
	case fnFormat:
		return e.format(n, level)
	case fnJoin:
		return e.join(n, level)
	case fnToJSON:
		return e.toJSON(n, level)
	case fnFromJSON:
		return e.fromJSON(n, level)
	case fnCase:
		return e.choose(n, level)
	}
	return e.external(n, level)
}

// arg evaluates the argument at index i.
func (e *evaluator) arg(n *Call, level, i int) (v Value, err error) {
	err = e.eval(n.Args[i], level+1, &v)
	return v, err
}

// fail returns an evaluation error at the call.
func (n *Call) fail(message string) *Error {
	return &Error{Kind: Evaluation, Message: message, Offset: n.Start, Length: n.End - n.Start}
}

// contains looks for text in text, or for an item that equals the second
// argument in an array.
func (e *evaluator) contains(n *Call, level int) (Value, error) {
	where, err := e.arg(n, level, 0)
	if err != nil {
		return Value{}, err
	}
	if where.kind.primitive() {
		what, err := e.arg(n, level, 1)
		if err != nil || !what.kind.primitive() {
			return Bool(false), err
		}
		return Bool(containsFold(where.Text(), what.Text())), nil
	}
	if len(where.Items()) == 0 {
		return Bool(false), nil
	}
	what, err := e.arg(n, level, 1)
	if err != nil {
		return Value{}, err
	}
	for _, item := range where.Items() {
		if what.Equal(item) {
			return Bool(true), nil
		}
	}
	return Bool(false), nil
}

// compare tests the texts of two primitive arguments.
func (e *evaluator) compare(n *Call, level int, test func(s, part string) bool) (Value, error) {
	s, err := e.arg(n, level, 0)
	if err != nil || !s.kind.primitive() {
		return Bool(false), err
	}
	part, err := e.arg(n, level, 1)
	if err != nil || !part.kind.primitive() {
		return Bool(false), err
	}
	return Bool(test(s.Text(), part.Text())), nil
}

// join concatenates the texts of an array's items. The separator is evaluated
// only when there is something to separate.
func (e *evaluator) join(n *Call, level int) (Value, error) {
	what, err := e.arg(n, level, 0)
	if err != nil {
		return Value{}, err
	}
	if what.kind.primitive() {
		return String(what.Text()), nil
	}
	items := what.Items()
	separator := ","
	if len(items) > 1 && len(n.Args) > 1 {
		v, err := e.arg(n, level, 1)
		if err != nil {
			return Value{}, err
		}
		if v.kind.primitive() {
			separator = v.Text()
		}
	}
	var b strings.Builder
	memory := counter{max: e.memory.max}
	for i, item := range items {
		text := item.Text()
		bytes := stringBytes(text)
		if i > 0 {
			bytes += stringBytes(separator)
			b.WriteString(separator)
		}
		if !memory.add(bytes) {
			return Value{}, errMemory(n)
		}
		b.WriteString(text)
	}
	return String(b.String()), nil
}

func (e *evaluator) toJSON(n *Call, level int) (Value, error) {
	v, err := e.arg(n, level, 0)
	if err != nil {
		return Value{}, err
	}
	w := jsonWriter{memory: counter{max: e.memory.max}}
	if !w.indented(v, 0) {
		return Value{}, errMemory(n)
	}
	return String(string(w.out)), nil
}

func (e *evaluator) fromJSON(n *Call, level int) (Value, error) {
	v, err := e.arg(n, level, 0)
	if err != nil {
		return Value{}, err
	}
	r := jsonReader{src: v.Text(), lenient: true, maxDepth: maxJSONDepth}
	v, err = r.document()
	if err != nil {
		return Value{}, n.fail("Error parsing JSON when evaluating fromJson: " + err.Error())
	}
	return v, nil
}

// choose returns the value after the first predicate that is true, or the
// last argument.
func (e *evaluator) choose(n *Call, level int) (Value, error) {
	last := len(n.Args) - 1
	for i := 0; i < last; i += 2 {
		predicate, err := e.arg(n, level, i)
		if err != nil {
			return Value{}, err
		}
		if predicate.kind != KindBoolean {
			err := n.fail("case predicate must evaluate to a boolean value")
			err.Offset, err.Length = n.Args[i].Pos(), n.Args[i].Place().End-n.Args[i].Pos()
			return Value{}, err
		}
		if predicate.Truthy() {
			return e.arg(n, level, i+1)
		}
	}
	return e.arg(n, level, last)
}

// external calls a function that the scope supplies.
func (e *evaluator) external(n *Call, level int) (Value, error) {
	for i := range e.functions {
		f := &e.functions[i]
		if !equalFold(f.Name, n.Name) {
			continue
		}
		var args []Value
		for i := range n.Args {
			arg, err := e.arg(n, level, i)
			if err != nil {
				return Value{}, err
			}
			args = append(args, arg.settled())
		}
		v, err := f.Call(n, args)
		if err == nil {
			return v, nil
		}
		if own, ok := errors.AsType[*Error](err); ok {
			return Value{}, own
		}
		own := n.fail(err.Error())
		own.Cause = err
		return Value{}, own
	}
	return Value{}, n.fail("Unrecognized function: '" + n.Name + "'")
}
