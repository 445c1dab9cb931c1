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
			return expr.Null(), t.failed(err)
		}
		return v, nil
	case TokenSequence:
		return t.evalSequence(scope)
	case TokenMapping:
		object := expr.NewObject()
		if err := t.evalInto(object, scope); err != nil {
			return expr.Null(), err
		}
		return expr.FromObject(object), nil
	case TokenInsert:
		return expr.Null(), &Error{Pos: t.Pos(), Message: "The expression directive 'insert' is not supported in this context"}
	default:
		return expr.Null(), nil
	}
}

// failed puts the position of t to an error of expr.
func (t *Token) failed(err error) error {
	if e, ok := errors.AsType[*expr.Error](err); ok {
		return &Error{Pos: t.Pos(), Message: e.Error()}
	}
	return &Error{Pos: t.Pos(), Message: err.Error()}
}

func (t *Token) evalSequence(scope *expr.Scope) (expr.Value, error) {
	items := make([]expr.Value, 0, len(t.kids))
	for _, kid := range t.kids {
		v, err := kid.Eval(scope)
		if err != nil {
			return expr.Null(), err
		}
		if kid.kind == TokenExpression && v.Kind() == expr.KindArray {
			items = append(items, v.Items()...)
		} else {
			items = append(items, v)
		}
	}
	return expr.Array(items), nil
}

// evalInto adds the pairs of the mapping t to object.
func (t *Token) evalInto(object *expr.Object, scope *expr.Scope) error {
	for key, value := range t.Pairs() {
		if key.kind == TokenInsert {
			if err := value.evalInserted(object, scope); err != nil {
				return err
			}
			continue
		}
		k, err := key.Eval(scope)
		if err != nil {
			return err
		}
		if kind := k.Kind(); kind == expr.KindArray || kind == expr.KindObject {
			return &Error{Pos: key.Pos(), Message: "Expected a string"}
		}
		v, err := value.Eval(scope)
		if err != nil {
			return err
		}
		if err := key.set(object, k.Text(), v); err != nil {
			return err
		}
	}
	return nil
}

// evalInserted adds the pairs of t, the value of an `${{ insert }}` key.
func (t *Token) evalInserted(object *expr.Object, scope *expr.Scope) error {
	if t.Kind() == TokenMapping {
		return t.evalInto(object, scope)
	}
	v, err := t.Eval(scope)
	if err != nil {
		return err
	}
	inserted := v.Object()
	if inserted == nil {
		return &Error{Pos: t.Pos(), Message: "Expected a mapping"}
	}
	for key, value := range inserted.All() {
		if err := t.set(object, key, value); err != nil {
			return err
		}
	}
	return nil
}

// set adds a pair; t is where a key that is there already is reported.
func (t *Token) set(object *expr.Object, key string, value expr.Value) error {
	if _, ok := object.Get(key); ok {
		return &Error{Pos: t.Pos(), Message: "'" + key + "' is already defined"}
	}
	object.Set(key, value)
	return nil
}
