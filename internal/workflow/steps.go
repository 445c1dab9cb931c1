package workflow

import "strings"

// newSteps reads `steps:` of a job or of a composite action and gives every
// step an id.
func newSteps(t *Token, errs *errorList) []*Step {
	list := stepList{errorList: errs}
	return list.convert(t)
}

// stepList converts one list of steps. It holds what they know of each other.
type stepList struct {
	*errorList
	ids      idBuilder
	declared []string // ids so far, which `wait` and `cancel` may name
}

func (l *stepList) convert(t *Token) []*Step {
	if !l.expect(t, TokenSequence, "job steps") {
		return nil
	}
	steps := make([]*Step, 0, t.Len())
	slab := make([]Step, t.Len())
	for _, item := range t.Items() {
		step := &slab[len(steps)]
		if l.step(step, item) {
			steps = append(steps, step)
		}
	}
	for _, step := range steps {
		if step.ID != "" {
			continue
		}
		if step.ID = l.ids.generate(step.defaultID()); step.ID == "" {
			l.add(step.Pos, "Unable to create a unique name")
			break
		}
	}
	return steps
}

// step reports whether there is a step at all.
func (l *stepList) step(step *Step, t *Token) bool {
	if !l.expect(t, TokenMapping, "steps item") {
		return false
	}
	step.Pos = t.Pos()
	for key, value := range t.Pairs() {
		l.property(step, key.Str(), value)
	}
	if step.Uses != nil {
		l.uses(step.Uses)
	}
	if step.Parallel != nil {
		l.insideParallel(t, step.Parallel)
	}
	return true
}

func (l *stepList) property(step *Step, name string, value *Token) {
	switch name {
	case "id":
		step.ID = value.Str()
		if step.ID == "" {
			return
		}
		if problem := l.ids.known(step.ID); problem != "" {
			l.fail(value, problem)
			return
		}
		l.declared = append(l.declared, step.ID)
	case "name":
		step.Name = value
	case "if":
		step.If = condition(value)
	case "continue-on-error":
		step.ContinueOnError = value
	case "timeout-minutes":
		step.TimeoutMinutes = value
	case "env":
		step.Env = value
	case "run":
		step.Run = value
	case "shell":
		step.Shell = value
	case "working-directory":
		step.WorkingDirectory = value
	case "uses":
		step.Uses = value
	case "with":
		step.With = value
	default:
		l.backgroundProperty(step, name, value)
	}
}

// uses checks that `uses:` names an action.
func (l *stepList) uses(t *Token) {
	ref := t.Str()
	if strings.HasPrefix(ref, dockerPrefix) || isLocal(ref) || isSelfRepository(ref) {
		return
	}
	if _, ok := ownerAndName(ref); !ok {
		l.fail(t, "Expected format {org}/{repo}[/path]@ref. Actual '"+ref+"'")
	}
}

// defaultID is what the id of a step without one is made of.
func (s *Step) defaultID() string {
	switch {
	case s.Uses != nil:
		return actionID(s.Uses.Str())
	case s.Run != nil:
	case s.Wait != nil:
		return "wait"
	case s.WaitAll:
		return "wait-all"
	case s.Cancel != "":
		return "cancel"
	case s.Parallel != nil:
		return "parallel"
	}
	return "run"
}
