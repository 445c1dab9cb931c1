package workflow

import "strings"

// steps reads `steps:` of a job or of a composite action and gives every step
// an id.
func (c *converter) steps(t *Token) []*Step {
	return c.stepList(t, &idBuilder{})
}

func (c *converter) stepList(t *Token, ids *idBuilder) []*Step {
	if !c.expect(t, TokenSequence, "job steps") {
		return nil
	}
	steps := make([]*Step, 0, t.Len())
	slab := make([]Step, t.Len())
	scope := stepScope{converter: c, ids: ids}
	for _, item := range t.Items() {
		step := &slab[len(steps)]
		if scope.step(step, item) {
			steps = append(steps, step)
		}
	}
	for _, step := range steps {
		if step.ID != "" {
			continue
		}
		if step.ID = ids.generate(step.defaultID()); step.ID == "" {
			c.errors.add(step.Pos, "Unable to create a unique name")
			return steps
		}
	}
	return steps
}

// stepScope is what the steps of one list know of each other.
type stepScope struct {
	*converter
	ids      *idBuilder
	declared []string // ids so far, which `wait` and `cancel` may name
}

func (s *stepScope) step(step *Step, t *Token) bool {
	if !s.expect(t, TokenMapping, "steps item") {
		return false
	}
	step.Pos = t.Pos()
	for key, value := range t.Pairs() {
		if !s.backgroundProperty(step, key.Str(), value) {
			s.stepProperty(step, key.Str(), value)
		}
	}
	if step.Uses != nil {
		s.uses(step.Uses)
	}
	if step.Parallel != nil {
		s.insideParallel(t, step.Parallel)
	}
	return true
}

func (s *stepScope) stepProperty(step *Step, name string, value *Token) {
	switch name {
	case "id":
		step.ID = value.Str()
		if step.ID == "" {
			return
		}
		if problem := s.ids.known(step.ID); problem != "" {
			s.fail(value, problem)
			return
		}
		s.declared = append(s.declared, step.ID)
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
	}
}

// backgroundProperty sets what steps that run beside others have.
func (s *stepScope) backgroundProperty(step *Step, name string, value *Token) bool {
	switch name {
	case "background":
		step.Background = value.Bool()
	case "wait":
		step.Wait = make([]string, 0, 1)
		for _, target := range stringTokens(value) {
			s.target(step, target)
			step.Wait = append(step.Wait, target.Str())
		}
		s.nameUnlessNamed(step, "Wait")
	case "wait-all":
		step.WaitAll = true
		if value.Kind() == TokenBoolean && !value.truth {
			s.fail(value, "The value of 'wait-all' must be true or omitted")
		}
		s.nameUnlessNamed(step, "Wait for all")
	case "cancel":
		s.target(step, value)
		step.Cancel = value.Str()
		s.nameUnlessNamed(step, "Cancel")
	case "parallel":
		step.Parallel = s.parallel(value)
		s.nameUnlessNamed(step, "Parallel group")
	default:
		return false
	}
	return true
}

// nameUnlessNamed gives the step GitHub's name for its kind; `name:` replaces
// it when it comes later.
func (s *stepScope) nameUnlessNamed(step *Step, name string) {
	if step.Name == nil {
		step.Name = NewString(name)
	}
}

// target checks a step that `wait` or `cancel` names.
func (s *stepScope) target(step *Step, target *Token) {
	id := target.Str()
	switch {
	case strings.HasPrefix(id, "__"):
		s.fail(target, "The identifier '"+id+"' is invalid. IDs starting with '__' are reserved.")
	case step.ID != "" && foldKey(step.ID) == foldKey(id):
		s.fail(target, "Step '"+step.ID+"' cannot reference itself")
	default:
		for _, declared := range s.declared {
			if declared == id {
				return
			}
		}
		s.fail(target, "Step references unknown step ID '"+id+"'")
	}
}

// parallel reads the steps of a parallel group. Ids may repeat those outside
// it, but the ones we make up are different in the whole job.
func (s *stepScope) parallel(t *Token) []*Step {
	inner := &idBuilder{tries: s.ids.tries}
	steps := s.stepList(t, inner)
	if s.ids.tries == nil {
		s.ids.tries = inner.tries
	}
	if steps == nil {
		steps = []*Step{}
	}
	return steps
}

// insideParallel rejects what may not be in a parallel group.
func (s *stepScope) insideParallel(t *Token, steps []*Step) {
	for i, step := range steps {
		if t.Lookup("parallel").Items()[i].Lookup("background") != nil {
			s.fail(t, "'background' is not allowed inside a parallel block. Steps in a parallel block are automatically run as background steps.")
		}
		switch {
		case step.Wait != nil:
			s.fail(t, "'wait' is not allowed inside a parallel block.")
		case step.WaitAll:
			s.fail(t, "'wait-all' is not allowed inside a parallel block.")
		case step.Cancel != "":
			s.fail(t, "'cancel' is not allowed inside a parallel block.")
		case step.Parallel != nil:
			s.fail(t, "Nested 'parallel' blocks are not allowed.")
		}
	}
}

// uses checks that `uses:` names an action.
func (s *stepScope) uses(t *Token) {
	ref := t.Str()
	if strings.HasPrefix(ref, dockerPrefix) || isLocal(ref) || isSelfRepository(ref) {
		return
	}
	if _, ok := ownerAndName(ref); !ok {
		s.fail(t, "Expected format {org}/{repo}[/path]@ref. Actual '"+ref+"'")
	}
}

// isLocal reports whether uses means a folder of the workspace.
func isLocal(uses string) bool {
	return strings.HasPrefix(uses, "./") || strings.HasPrefix(uses, `.\`)
}

// isSelfRepository reports whether uses means a folder of the repository whose
// workflow or action says so: $/path.
func isSelfRepository(uses string) bool {
	rest, ok := strings.CutPrefix(uses, "$/")
	return ok && strings.TrimLeft(rest, "/") != ""
}

// ownerAndName returns the repository that owner/name[/path]@ref names.
func ownerAndName(uses string) (repository string, ok bool) {
	path, ref, found := strings.Cut(uses, "@")
	if !found || ref == "" || strings.Contains(ref, "@") {
		return "", false
	}
	segments := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' })
	if len(segments) < 2 {
		return "", false
	}
	return segments[0] + "/" + segments[1], true
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

func actionID(uses string) string {
	if image, ok := strings.CutPrefix(uses, dockerPrefix); ok && image != "" {
		return image
	}
	switch {
	case isLocal(uses):
		return "self"
	case isSelfRepository(uses):
		return "selfRepository"
	}
	if repository, ok := ownerAndName(uses); ok {
		return repository
	}
	return "run"
}
