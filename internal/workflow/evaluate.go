package workflow

import (
	"errors"
	"strings"
	"sync"

	"slipway/internal/expr"
)

// Typed evaluation of the tokens that decide whether, where and how a job
// runs. Each Evaluate function takes the token of one key and the contexts
// known there, checks the result as the schema would have checked a literal,
// and returns it typed. A nil or null token gives the default.
// Behaviour and messages: actions/runner WorkflowTemplateEvaluator.cs,
// TemplateEvaluator.cs and WorkflowTemplateConverter.cs.

// EvaluationError is what is wrong with the value of one key. Its text is the
// positioned messages, joined by commas as GitHub joins them.
type EvaluationError struct {
	Errors []*Error // never empty
}

// Error joins the messages.
func (e *EvaluationError) Error() string {
	messages := make([]string, len(e.Errors))
	for i, one := range e.Errors {
		messages[i] = one.Error()
	}
	return strings.Join(messages, ",")
}

// Unwrap returns the single errors.
func (e *EvaluationError) Unwrap() []error {
	all := make([]error, len(e.Errors))
	for i, one := range e.Errors {
		all[i] = one
	}
	return all
}

// KV is one pair of an ordered map.
type KV struct{ Key, Value string }

// EvaluateString evaluates a key that holds a string: numbers, booleans and
// null become text, sequences and mappings are errors.
func EvaluateString(t *Token, s *expr.Scope, def string) (string, error) {
	return evaluate(t, s, def, (*evaluator).text)
}

// EvaluateBool evaluates a key that holds a boolean. A string is an error,
// also the string "true".
func EvaluateBool(t *Token, s *expr.Scope, def bool) (bool, error) {
	return evaluate(t, s, def, (*evaluator).boolean)
}

// EvaluateNumber evaluates a key that holds a number. A string is an error,
// also the string "5".
func EvaluateNumber(t *Token, s *expr.Scope, def float64) (float64, error) {
	return evaluate(t, s, def, (*evaluator).number)
}

// EvaluateStringMap evaluates `env`, `with`, `outputs` and the like: null
// values are "", sequences and mappings as values are errors. The pairs keep
// the order of the file.
func EvaluateStringMap(t *Token, s *expr.Scope) ([]KV, error) {
	return evaluate(t, s, nil, (*evaluator).textMap)
}

// EvaluateIf evaluates a condition. Without a status function in it, success()
// must hold too; without a condition, success() decides. The scope must
// provide success.
func EvaluateIf(t *Token, s *expr.Scope) (bool, error) {
	e := t.Expr()
	if e == nil || !e.Calls("success", "failure", "cancelled", "always") {
		success, err := successCall()
		if err != nil {
			return false, err
		}
		v, err := success.Eval(s)
		if err != nil || !v.Truthy() || t.Kind() == TokenNull {
			return err == nil && v.Truthy(), err
		}
	}
	v, err := t.Eval(s)
	if err != nil {
		return false, evaluationError(t.Pos(), err)
	}
	return v.Truthy(), nil
}

var successCall = sync.OnceValues(func() (*expr.Expr, error) {
	return expr.Parse("success()", &expr.Names{Functions: []expr.Function{{Name: "success"}}})
})

// EvaluateRunName evaluates `run-name`, or returns "".
func EvaluateRunName(t *Token, s *expr.Scope) (string, error) {
	name, err := EvaluateString(t, s, "")
	return strings.TrimSpace(name), err
}

// Concurrency is an evaluated `concurrency`.
type Concurrency struct {
	Group            string // never empty
	CancelInProgress bool
	Queue            string // "single" or "max"
}

// maxGroupLength is how long the name of a concurrency group may be, in UTF-16 units.
const maxGroupLength = 400

// EvaluateConcurrency evaluates `concurrency`, a group's name or a mapping.
// Without one the result is zero.
func EvaluateConcurrency(t *Token, s *expr.Scope) (Concurrency, error) {
	return evaluate(t, s, Concurrency{}, func(e *evaluator, n *node) Concurrency {
		c := Concurrency{Queue: "single"}
		if n.kind != TokenMapping {
			c.Group = e.text(n)
		} else {
			e.properties(n, map[string]func(*node){
				"group":              func(v *node) { c.Group = e.nonEmpty(v) },
				"cancel-in-progress": func(v *node) { c.CancelInProgress = e.boolean(v) },
				"queue": func(v *node) {
					if c.Queue = e.text(v); c.Queue != "single" && c.Queue != "max" {
						e.unexpected(v)
					}
				},
			}, "group")
		}
		switch {
		case e.failed():
		case c.Group == "":
			e.add(n.pos, "Concurrency group name cannot be empty")
		case utf16Len(c.Group) > maxGroupLength:
			e.add(n.pos, "Concurrency group name must be less than 400 characters")
		case c.CancelInProgress && c.Queue == "max":
			e.add(n.pos, "The combination of 'queue: max' and 'cancel-in-progress: true' is not allowed")
		}
		return c
	})
}

// RunsOn is an evaluated `runs-on`.
type RunsOn struct {
	Labels []string
	Group  string // may carry the prefix "organization/" or "enterprise/"
}

// EvaluateRunsOn evaluates `runs-on`: a label, labels, or a mapping.
func EvaluateRunsOn(t *Token, s *expr.Scope) (RunsOn, error) {
	return evaluate(t, s, RunsOn{}, func(e *evaluator, n *node) RunsOn {
		var r RunsOn
		if n.kind != TokenMapping {
			r.Labels = e.labels(n)
			return r
		}
		e.properties(n, map[string]func(*node){
			"group":  func(v *node) { r.Group = e.runnerGroup(v) },
			"labels": func(v *node) { r.Labels = e.labels(v) },
		})
		return r
	})
}

func (e *evaluator) labels(n *node) []string {
	if n.kind != TokenSequence {
		return []string{e.nonEmpty(n)}
	}
	labels := make([]string, len(n.items))
	for i := range n.items {
		labels[i] = e.nonEmpty(&n.items[i])
	}
	return labels
}

func (e *evaluator) runnerGroup(n *node) string {
	name := e.nonEmpty(n)
	prefix, rest, ok := strings.Cut(name, "/")
	if !ok {
		return name
	}
	if rest == "" {
		e.add(n.pos, "Invalid runs-on group name '"+name+"'.")
		return name
	}
	switch prefix {
	case "org", "organization", "ent", "enterprise":
		if !strings.Contains(rest, "/") {
			return name
		}
	}
	e.add(n.pos, "Invalid runs-on group name '"+name+
		"'. Please use 'organization/' or 'enterprise/' prefix to target a single runner group.")
	return name
}

// Environment is an evaluated `environment`.
type Environment struct {
	Name       string // "" is none
	URL        *Token // left to the runner: it may name steps
	Deployment bool   // whether the job makes a deployment record
}

// EvaluateEnvironment evaluates `environment`, a name or a mapping.
func EvaluateEnvironment(t *Token, s *expr.Scope) (Environment, error) {
	var url *Token
	if t.Kind() == TokenMapping {
		t, url = withoutKey(t, "url")
	}
	env, err := evaluate(t, s, Environment{}, func(e *evaluator, n *node) Environment {
		env := Environment{URL: url, Deployment: true}
		if n.kind != TokenMapping {
			env.Name = e.text(n)
			return env
		}
		e.properties(n, map[string]func(*node){
			"name":       func(v *node) { env.Name = e.text(v) },
			"url":        func(v *node) { env.URL = NewString(e.text(v)) },
			"deployment": func(v *node) { env.Deployment = e.boolean(v) },
		}, "name")
		return env
	})
	if err != nil || env.Name == "" {
		return Environment{}, err
	}
	return env, nil
}

// withoutKey splits a mapping into itself without the pair of one literal key, and that pair's value.
func withoutKey(t *Token, key string) (rest, value *Token) {
	copied := *t
	copied.kids = nil
	for k, v := range t.Pairs() {
		if k.Kind() == TokenString && k.Str() == key {
			value = v
		} else {
			copied.kids = append(copied.kids, k, v)
		}
	}
	return &copied, value
}

// Defaults is an evaluated `defaults`.
type Defaults struct{ Shell, WorkingDirectory string }

// EvaluateDefaults evaluates `defaults`.
func EvaluateDefaults(t *Token, s *expr.Scope) (Defaults, error) {
	return evaluate(t, s, Defaults{}, func(e *evaluator, n *node) (d Defaults) {
		e.properties(n, map[string]func(*node){
			"run": func(run *node) {
				e.properties(run, map[string]func(*node){
					"shell":             func(v *node) { d.Shell = e.nonEmpty(v) },
					"working-directory": func(v *node) { d.WorkingDirectory = e.nonEmpty(v) },
				})
			},
		})
		return d
	})
}

// evaluate expands t and reads it as a T.
func evaluate[T any](t *Token, s *expr.Scope, def T, read func(*evaluator, *node) T) (T, error) {
	if t.Kind() == TokenNull {
		return def, nil
	}
	e := &evaluator{scope: s}
	n := e.expand(t)
	if !e.failed() {
		if v := read(e, &n); !e.failed() {
			return v, nil
		}
	}
	return def, &EvaluationError{Errors: e.errors}
}

// evaluationError gives err the place pos unless it has one.
func evaluationError(pos Pos, err error) error {
	if _, ok := errors.AsType[*EvaluationError](err); ok {
		return err
	}
	one, ok := errors.AsType[*Error](err)
	if !ok {
		one = &Error{Pos: pos, Message: err.Error()}
	}
	return &EvaluationError{Errors: []*Error{one}}
}
