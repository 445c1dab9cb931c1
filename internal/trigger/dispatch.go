package trigger

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/expr"
	"slipway/internal/fault"
	"slipway/internal/workflow"
)

// maxDispatchInputs is how many inputs workflow_dispatch may declare.
const maxDispatchInputs = 25

// Inputs are a workflow_dispatch's inputs with defaults filled in.
type Inputs struct {
	Typed expr.Value        // the inputs context: an object, values in their declared types
	Text  map[string]string // github.event.inputs: the same as strings
}

// DispatchInputs checks what was given against what w declares under
// workflow_dispatch, and fills in the defaults. Names ignore case.
// Errors are *fault.Error with the code Usage, or Invalid when w itself is wrong.
func DispatchInputs(w *workflow.Workflow, given map[string]string) (Inputs, error) {
	on := find(w.On, "workflow_dispatch")
	if on == nil {
		return Inputs{}, fault.New(fault.Usage, "%s has no workflow_dispatch trigger: add `workflow_dispatch:` under `on:`", w.File)
	}
	if len(on.Inputs) > maxDispatchInputs {
		return Inputs{}, fault.New(fault.Invalid, "%s: workflow_dispatch declares %d inputs, at most %d are allowed",
			place(on.Pos), len(on.Inputs), maxDispatchInputs)
	}
	folded, err := foldNames(on, given)
	if err != nil {
		return Inputs{}, err
	}
	typed := expr.NewObject()
	text := make(map[string]string, len(on.Inputs))
	for _, input := range on.Inputs {
		s, ok := folded[strings.ToLower(input.Name)]
		if !ok {
			if s, err = defaultText(input); err != nil {
				return Inputs{}, err
			}
		}
		if s == "" && input.Required {
			return Inputs{}, fault.New(fault.Usage, "%s: the input %q is required but was not given: pass %s=VALUE",
				place(input.Pos), input.Name, input.Name)
		}
		v, err := coerce(input, s)
		if err != nil {
			return Inputs{}, err
		}
		typed.Set(input.Name, v)
		text[input.Name] = s
	}
	return Inputs{Typed: expr.FromObject(typed), Text: text}, nil
}

// foldNames returns what was given under lower-cased names, all declared.
func foldNames(on *workflow.Event, given map[string]string) (map[string]string, error) {
	declared := make(map[string]bool, len(on.Inputs))
	var names []string
	for _, input := range on.Inputs {
		declared[strings.ToLower(input.Name)] = true
		names = append(names, input.Name)
	}
	folded := make(map[string]string, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		key := strings.ToLower(name)
		if !declared[key] {
			return nil, fault.New(fault.Usage, "%s: there is no input %q; declared: %s",
				place(on.Pos), name, orNone(names))
		}
		if _, twice := folded[key]; twice {
			return nil, fault.New(fault.Usage, "the input %q is given twice: names ignore case", name)
		}
		folded[key] = given[name]
	}
	return folded, nil
}

// defaultText is what an input that was not given is. A boolean without a
// default is false, a number 0, a choice its first option, as GitHub's form sends them.
func defaultText(input *workflow.Input) (string, error) {
	if input.Default != nil {
		v, err := input.Default.Eval(&expr.Scope{Contexts: expr.NewObject()})
		if err != nil {
			return "", fault.New(fault.Invalid, "the default of the input %q: %w", input.Name, err)
		}
		return v.Text(), nil
	}
	if input.Required {
		return "", nil
	}
	switch input.Type {
	case "boolean":
		return "false", nil
	case "number":
		return "0", nil
	case "choice":
		if len(input.Options) > 0 {
			return input.Options[0], nil
		}
	}
	return "", nil
}

func coerce(input *workflow.Input, s string) (expr.Value, error) {
	switch input.Type {
	case "boolean":
		switch strings.ToLower(s) {
		case "true":
			return expr.Bool(true), nil
		case "false":
			return expr.Bool(false), nil
		}
		return expr.Null(), wrongValue(input, s, "true or false")
	case "number":
		n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil {
			return expr.Null(), wrongValue(input, s, "a number")
		}
		return expr.Number(n), nil
	case "choice":
		if !slices.Contains(input.Options, s) {
			return expr.Null(), wrongValue(input, s, "one of "+orNone(input.Options))
		}
	}
	return expr.String(s), nil
}

func wrongValue(input *workflow.Input, found, expected string) error {
	return fault.New(fault.Usage, "%s: the input %q is %q, expected %s", place(input.Pos), input.Name, found, expected)
}

func place(p workflow.Pos) string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
