package workflow

import (
	"slices"
	"strings"
)

// backgroundProperty sets what steps that run beside others have.
func (l *stepList) backgroundProperty(step *Step, name string, value *Token) {
	switch name {
	case "background":
		step.Background = value.Bool()
	case "wait":
		step.Wait = make([]string, 0, 1)
		for _, target := range stringTokens(value) {
			l.target(step, target)
			step.Wait = append(step.Wait, target.Str())
		}
		l.nameUnlessNamed(step, "Wait")
	case "wait-all":
		step.WaitAll = true
		if value.Kind() == TokenBoolean && !value.truth {
			l.fail(value, "The value of 'wait-all' must be true or omitted")
		}
		l.nameUnlessNamed(step, "Wait for all")
	case "cancel":
		l.target(step, value)
		step.Cancel = value.Str()
		l.nameUnlessNamed(step, "Cancel")
	case "parallel":
		step.Parallel = l.parallel(value)
		l.nameUnlessNamed(step, "Parallel group")
	}
}

// nameUnlessNamed gives the step GitHub's name for its kind; `name:` replaces
// it when it comes later.
func (l *stepList) nameUnlessNamed(step *Step, name string) {
	if step.Name == nil {
		step.Name = NewString(name)
	}
}

// target checks a step that `wait` or `cancel` names.
func (l *stepList) target(step *Step, target *Token) {
	id := target.Str()
	switch {
	case strings.HasPrefix(id, "__"):
		l.fail(target, "The identifier '"+id+"' is invalid. IDs starting with '__' are reserved.")
	case step.ID != "" && foldKey(step.ID) == foldKey(id):
		l.fail(target, "Step '"+step.ID+"' cannot reference itself")
	case !slices.Contains(l.declared, id):
		l.fail(target, "Step references unknown step ID '"+id+"'")
	}
}

// parallel reads the steps of a parallel group. Ids may repeat those outside
// it, but the ones we make up are different in the whole job.
func (l *stepList) parallel(t *Token) []*Step {
	group := stepList{errorList: l.errorList, ids: idBuilder{tries: l.ids.tries}}
	steps := group.convert(t)
	l.ids.tries = group.ids.tries
	if steps == nil {
		steps = []*Step{}
	}
	return steps
}

// insideParallel rejects what may not be in a parallel group.
func (l *stepList) insideParallel(t *Token, steps []*Step) {
	items := t.Lookup("parallel").Items()
	for i, step := range steps {
		if items[i].Lookup("background") != nil {
			l.fail(t, "'background' is not allowed inside a parallel block. Steps in a parallel block are automatically run as background steps.")
		}
		switch {
		case step.Wait != nil:
			l.fail(t, "'wait' is not allowed inside a parallel block.")
		case step.WaitAll:
			l.fail(t, "'wait-all' is not allowed inside a parallel block.")
		case step.Cancel != "":
			l.fail(t, "'cancel' is not allowed inside a parallel block.")
		case step.Parallel != nil:
			l.fail(t, "Nested 'parallel' blocks are not allowed.")
		}
	}
}
