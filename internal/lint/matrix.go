package lint

import (
	"strings"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// matrixOf returns a job's matrix, nil when it has none or only an expression.
func matrixOf(j *workflow.Job) *workflow.Token {
	if m := j.Strategy.Lookup("matrix"); m.Kind() == workflow.TokenMapping {
		return m
	}
	return nil
}

// vectors yields the vectors of a matrix: its keys but include and exclude.
func vectors(matrix *workflow.Token, yield func(key, values *workflow.Token) bool) {
	for key, values := range matrix.Pairs() {
		if isIncludeOrExclude(key) {
			continue
		}
		if !yield(key, values) {
			return
		}
	}
}

func isIncludeOrExclude(key *workflow.Token) bool {
	return key.Kind() == workflow.TokenString && (key.Str() == "include" || key.Str() == "exclude")
}

// matrixValues returns the values that `${{ matrix.key }}` takes as far as the
// file spells them out, in vectors and in include; nil for other expressions.
func matrixValues(j *workflow.Job, t *workflow.Token) []*workflow.Token {
	key, ok := propertyOf(t.Expr(), "matrix")
	if !ok {
		return nil
	}
	matrix := matrixOf(j)
	values := matrix.Lookup(key).Items()
	for _, item := range matrix.Lookup("include").Items() {
		if v := item.Lookup(key); v != nil {
			values = append(values[:len(values):len(values)], v)
		}
	}
	return values
}

// matrixType returns the type of the matrix context of a job: null without a
// matrix, and anything where an expression makes it up.
func matrixType(j *workflow.Job) *typ {
	strategy := j.Strategy
	if strategy == nil {
		return newObject("this job, which has no matrix,")
	}
	whole := strategy.Lookup("matrix")
	switch {
	case strategy.Kind() != workflow.TokenMapping, whole.Kind() == workflow.TokenExpression, hasDynamicKey(strategy):
		return looseObject
	case whole.Kind() != workflow.TokenMapping:
		return newObject("this job, which has no matrix,")
	}
	t := newObject("the matrix")
	vectors(whole, func(key, values *workflow.Token) bool {
		if key.Kind() != workflow.TokenString {
			t.rest = anyType
			return true
		}
		t.set(key.Str(), itemType(values))
		return true
	})
	include := whole.Lookup("include")
	if include != nil && include.Kind() != workflow.TokenSequence {
		t.rest = anyType
	}
	for _, item := range include.Items() {
		if item.Kind() != workflow.TokenMapping {
			t.rest = anyType
		}
		for key, value := range item.Pairs() {
			if key.Kind() != workflow.TokenString {
				t.rest = anyType
				continue
			}
			known, found := t.props[strings.ToLower(key.Str())]
			if !found {
				known = nullType // other legs of the matrix may lack it
			}
			t.set(key.Str(), merge(known, typeOfToken(value)))
		}
	}
	return t
}

// hasDynamicKey says whether a mapping has keys that only evaluation knows.
func hasDynamicKey(t *workflow.Token) bool {
	for key := range t.Pairs() {
		if key.Kind() != workflow.TokenString {
			return true
		}
	}
	return false
}

// itemType is the type of the items of a literal sequence.
func itemType(list *workflow.Token) *typ {
	if list.Kind() != workflow.TokenSequence {
		return anyType
	}
	var t *typ
	for _, item := range list.Items() {
		t = merge(t, typeOfToken(item))
	}
	if t == nil {
		return anyType
	}
	return t
}

// typeOfToken is the type that a token's value will have.
func typeOfToken(t *workflow.Token) *typ {
	switch t.Kind() {
	case workflow.TokenNull:
		return nullType
	case workflow.TokenBoolean:
		return booleanType
	case workflow.TokenNumber:
		return numberType
	case workflow.TokenString:
		return stringType
	case workflow.TokenSequence:
		return arrayOf(itemType(t))
	case workflow.TokenMapping:
		o := newObject("")
		for key, value := range t.Pairs() {
			if key.Kind() != workflow.TokenString {
				o.rest = anyType
				continue
			}
			o.set(key.Str(), typeOfToken(value))
		}
		return o
	}
	return anyType
}

// scalarValue returns the value of a scalar literal, and whether it is one.
func scalarValue(t *workflow.Token) (expr.Value, bool) {
	switch t.Kind() {
	case workflow.TokenNull:
		return expr.Null(), true
	case workflow.TokenBoolean:
		return expr.Bool(t.Bool()), true
	case workflow.TokenNumber:
		return expr.Number(t.Number()), true
	case workflow.TokenString:
		return expr.String(t.Str()), true
	}
	return expr.Null(), false
}
