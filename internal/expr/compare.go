package expr

// Equal reports whether v == w in the expression language: like JavaScript's
// loose equality, but strings ignore case, NaN equals nothing, and arrays and
// objects equal only themselves (EvaluationResult.cs AbstractEqual).
func (v Value) Equal(w Value) bool {
	if v.kind == KindString && w.kind == KindString {
		return equalFold(v.str, w.str)
	}
	v, w = coerce(v, w)
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case KindNull:
		return true
	case KindBoolean, KindNumber:
		return v.num == w.num
	case KindString:
		return equalFold(v.str, w.str)
	}
	return v.ref == w.ref
}

// less reports whether v < w. Null, arrays and objects have no order.
func less(v, w Value) bool {
	v, w = coerce(v, w)
	if v.kind != w.kind {
		return false
	}
	switch v.kind {
	case KindBoolean, KindNumber:
		return v.num < w.num
	case KindString:
		return compareFold(v.str, w.str) < 0
	}
	return false
}

// coerce brings two values of different kinds to numbers where the language
// says so; otherwise it returns them as they are.
func coerce(v, w Value) (Value, Value) {
	if v.kind == w.kind {
		return v, w
	}
	if v.kind <= KindBoolean { // null or boolean
		v = Number(v.Float())
	}
	if w.kind <= KindBoolean {
		w = Number(w.Float())
	}
	switch {
	case v.kind == KindNumber && w.kind == KindString:
		w = Number(w.Float())
	case v.kind == KindString && w.kind == KindNumber:
		v = Number(v.Float())
	}
	return v, w
}
