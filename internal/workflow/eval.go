package workflow

import (
	"errors"

	"slipway/internal/expr"
)

// Eval evaluates t with everything in it. A mapping becomes an object that
// keeps the order and the case of its keys; where a sequence holds an
// expression that is an array, its items take the expression's place, as on
// GitHub. A nil Token is null. The error is an *Error with the position of the
// expression that failed.
func (t *Token) Eval(scope *expr.Scope) (expr.Value, error) {
	switch t.Kind() {
	case TokenBoolean:
		return expr.Bool(t.truth), nil
	case TokenNumber:
		return expr.Number(t.number), nil
	case TokenString:
		return expr.String(t.text), nil
	case TokenExpression:
		v, err := t.expr.Eval(scope)
		if err != nil {
			return expr.Null(), errorAt(t.Pos(), err)
		}
		return v, nil
	case TokenSequence:
		return evalItems(t.kids, scope)
	case TokenMapping:
		b := objectBuilder{scope, expr.NewObject()}
		if err := b.addPairs(t); err != nil {
			return expr.Null(), err
		}
		return expr.FromObject(b.object), nil
	case TokenInsert:
		return expr.Null(), &Error{Pos: t.Pos(), Message: "The expression directive 'insert' is not supported in this context"}
	default:
		return expr.Null(), nil
	}
}

// errorAt gives an error of expr the position of its expression.
func errorAt(pos Pos, err error) error {
	if e, ok := errors.AsType[*expr.Error](err); ok {
		err = e // without what wraps it
	}
	return &Error{Pos: pos, Message: err.Error()}
}

func evalItems(tokens []*Token, scope *expr.Scope) (expr.Value, error) {
	items := make([]expr.Value, 0, len(tokens))
	for _, t := range tokens {
		v, err := t.Eval(scope)
		if err != nil {
			return expr.Null(), err
		}
		if t.kind == TokenExpression && v.Kind() == expr.KindArray {
			items = append(items, v.Items()...)
		} else {
			items = append(items, v)
		}
	}
	return expr.Array(items), nil
}

// objectBuilder evaluates a mapping into an object.
type objectBuilder struct {
	scope  *expr.Scope
	object *expr.Object
}

// addPairs adds the pairs of the mapping t.
func (b objectBuilder) addPairs(t *Token) error {
	for key, value := range t.Pairs() {
		var err error
		if key.kind == TokenInsert {
			err = b.insert(value)
		} else {
			err = b.addPair(key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b objectBuilder) addPair(key, value *Token) error {
	k, err := key.Eval(b.scope)
	if err != nil {
		return err
	}
	if kind := k.Kind(); kind == expr.KindArray || kind == expr.KindObject {
		return &Error{Pos: key.Pos(), Message: "Expected a string"}
	}
	v, err := value.Eval(b.scope)
	if err != nil {
		return err
	}
	return b.set(key, k.Text(), v)
}

// insert adds the pairs of t, the value of an `${{ insert }}` key.
func (b objectBuilder) insert(t *Token) error {
	if t.Kind() == TokenMapping {
		return b.addPairs(t)
	}
	v, err := t.Eval(b.scope)
	if err != nil {
		return err
	}
	inserted := v.Object()
	if inserted == nil {
		return &Error{Pos: t.Pos(), Message: "Expected a mapping"}
	}
	for key, value := range inserted.All() {
		if err := b.set(t, key, value); err != nil {
			return err
		}
	}
	return nil
}

// set adds a pair; at is the token that is blamed when the key is there already.
func (b objectBuilder) set(at *Token, key string, value expr.Value) error {
	if _, ok := b.object.Get(key); ok {
		return &Error{Pos: at.Pos(), Message: "'" + key + "' is already defined"}
	}
	b.object.Set(key, value)
	return nil
}
