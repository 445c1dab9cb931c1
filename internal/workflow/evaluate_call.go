package workflow

import (
	"strings"

	"slipway/internal/expr"
)

// EvaluateCallInputs makes the inputs context of a called workflow: what it
// declares, in that order, from `with` or the default, in the declared type.
// A default is evaluated in the same contexts as `with`.
func EvaluateCallInputs(call *CallInterface, with *Token, s *expr.Scope) (expr.Value, error) {
	e := &evaluator{scope: s}
	given := map[string]*node{}
	if with.Kind() != TokenNull {
		n := e.expand(with)
		if !e.failed() && e.isMapping(&n) {
			for i := range n.keys {
				given[strings.ToLower(n.keys[i].value.Text())] = &n.items[i]
			}
		}
	}
	inputs := expr.NewObject()
	for _, input := range declaredInputs(call) {
		n := given[strings.ToLower(input.Name)]
		if n == nil && input.Default.Kind() != TokenNull {
			def := e.expand(input.Default)
			n = &def
		}
		inputs.Set(input.Name, e.input(input.Type, n))
	}
	if e.failed() {
		return expr.Null(), &EvaluationError{Errors: e.errors}
	}
	return expr.FromObject(inputs), nil
}

func declaredInputs(call *CallInterface) []*Input {
	if call == nil {
		return nil
	}
	return call.Inputs
}

// input reads n, which may be nil, as a value of a declared type.
func (e *evaluator) input(kind string, n *node) expr.Value {
	switch kind {
	case "boolean":
		return expr.Bool(n != nil && e.boolean(n))
	case "number":
		if n == nil {
			return expr.Number(0)
		}
		return expr.Number(e.number(n))
	default:
		if n == nil {
			return expr.String("")
		}
		return expr.String(e.text(n))
	}
}

// EvaluateCallSecrets evaluates the `secrets` a caller maps. Empty ones count
// as not given. The object's keys ignore case.
func EvaluateCallSecrets(t *Token, s *expr.Scope) (*expr.Object, error) {
	pairs, err := EvaluateStringMap(t, s)
	secrets := expr.NewObject()
	for _, p := range pairs {
		if p.Value != "" {
			secrets.Set(p.Key, expr.String(p.Value))
		}
	}
	return secrets, err
}

// EvaluateCallOutputs evaluates what a called workflow declares as outputs,
// in the contexts github, inputs, vars and jobs. An output that fails leaves
// the others standing.
func EvaluateCallOutputs(call *CallInterface, s *expr.Scope) (map[string]string, error) {
	if call == nil || len(call.Outputs) == 0 {
		return nil, nil
	}
	e := &evaluator{scope: s}
	outputs := make(map[string]string, len(call.Outputs))
	for _, out := range call.Outputs {
		n := e.expand(out.Value)
		outputs[out.Name] = e.text(&n)
	}
	if e.failed() {
		return outputs, &EvaluationError{Errors: e.errors}
	}
	return outputs, nil
}
