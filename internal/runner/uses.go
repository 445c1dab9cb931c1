package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// usesTask runs an action in its phases: pre, main and post.
type usesTask struct {
	step   *step
	inside *step // the composite step whose action it belongs to; nil at the top
	ref    string

	action     *action.Action // nil until resolved
	registered bool           // its post phase is

	// Of a composite action.
	children []*step
	posts    []*step       // children whose post phase is registered, in that order
	scope    *stepsContext // of its main phase, for its post phase
}

const dockerPrefix = "docker://"

// local reports whether the action is in the workspace.
func (t *usesTask) local() bool {
	return strings.HasPrefix(t.ref, "./") || strings.HasPrefix(t.ref, `.\`)
}

// container reports whether the step runs an image rather than an action.
func (t *usesTask) container() bool { return strings.HasPrefix(t.ref, dockerPrefix) }

func (t *usesTask) title(*stepRun) string {
	return runTitle(strings.TrimPrefix(t.ref, dockerPrefix))
}

// hasPre reports whether the action does something before the job's steps. A
// local action can't: it isn't there yet.
func (t *usesTask) hasPre() bool {
	if t.action == nil || t.action.Builtin != nil || t.local() {
		return false
	}
	return t.action.Manifest.Runs.Pre != "" || len(withPre(t.children)) > 0
}

// hasPost reports whether the action has something to do after the job's steps.
func (t *usesTask) hasPost() bool {
	switch {
	case t.action == nil:
		return false
	case t.action.Manifest == nil: // a built-in action that does not say
		return t.action.Builtin != nil
	}
	return t.action.Manifest.Runs.Post != "" || len(lastFirst(t.posts)) > 0
}

// condition is the source of pre-if or post-if.
func (t *usesTask) condition(phase jobproto.Phase) string {
	source := ""
	if t.action != nil && t.action.Manifest != nil {
		if phase == jobproto.Pre {
			source = t.action.Manifest.Runs.PreIf
		} else {
			source = t.action.Manifest.Runs.PostIf
		}
	}
	if source == "" {
		return "always()"
	}
	return source
}

// run runs the action's current phase (ActionRunner.cs).
func (t *usesTask) run(ctx context.Context, r *stepRun) error {
	if t.container() {
		return needsContainer(t.ref)
	}
	if t.action == nil {
		if err := t.resolveNow(ctx, r); err != nil {
			return err
		}
	}
	if t.local() && t.action.Builtin == nil && t.action.Manifest.Runs.Pre != "" && r.ref.Phase == jobproto.Main {
		r.log.warn(fmt.Sprintf("`pre` execution is not supported for local action from '%s'", t.ref))
	}
	if r.ref.Phase != jobproto.Post {
		t.registerPost(r)
	}
	t.nameRepository(r)
	inputs, err := t.inputs(r)
	if err != nil {
		return err
	}
	t.printHeader(r, inputs)
	kind := using(t.action)
	switch {
	case t.action.Builtin != nil:
		return t.runBuiltin(ctx, r, inputs)
	case kind == "composite":
		return t.runComposite(r, inputs)
	case strings.HasPrefix(kind, "node"):
		return t.runNode(ctx, r, inputs)
	case kind == "docker":
		return needsContainer(t.ref)
	}
	return fault.New(fault.Invalid, "action %s: 'using: %s' is not supported, use 'docker', 'node20', 'node24' or 'composite' instead", t.ref, t.action.Manifest.Runs.Using)
}

// resolveNow finds a local action, and what it uses, when its step runs.
func (t *usesTask) resolveNow(ctx context.Context, r *stepRun) error {
	w := &logWriter{r.log}
	if err := t.resolve(ctx, r.job, w); err != nil {
		return err
	}
	next := remoteUses(t.children)
	if len(next) == 0 {
		return nil
	}
	r.log.print("Prepare all required actions")
	return r.job.resolveLevel(ctx, next, r.frame.depth+1, w)
}

// registerPost makes sure that the action's post phase will run, once.
func (t *usesTask) registerPost(r *stepRun) {
	if t.registered {
		return
	}
	t.registered = true
	if t.inside != nil {
		outer := t.inside.task.(*usesTask)
		outer.posts = append(outer.posts, t.step)
		return
	}
	r.job.addPost(t.step)
}

// nameRepository sets github.action_repository and action_ref.
func (t *usesTask) nameRepository(r *stepRun) {
	repository, ref := t.action.Repository, t.action.Commit
	if _, written, ok := strings.Cut(t.ref, "@"); ok && !t.local() {
		ref = written
	}
	if t.local() {
		repository, ref = "", ""
	}
	r.github = with(with(r.github, pair{"action_repository", repository}), pair{"action_ref", ref})
}

// inputs evaluates `with` and adds the defaults of what isn't given.
func (t *usesTask) inputs(r *stepRun) ([]pair, error) {
	given, err := workflow.EvaluateStringMap(r.step.def.With, r.scopeFor(r.step.def.With))
	if err != nil {
		return nil, err
	}
	var declared []action.ManifestInput
	if t.action.Manifest != nil {
		declared = t.action.Manifest.Inputs
	}
	inputs := make([]pair, 0, len(given)+len(declared))
	var unexpected []string
	for _, in := range given {
		inputs = append(inputs, pair{in.Key, in.Value})
		at := slices.IndexFunc(declared, func(d action.ManifestInput) bool { return strings.EqualFold(d.Name, in.Key) })
		switch {
		case at < 0:
			unexpected = append(unexpected, in.Key)
		case declared[at].Deprecation != "":
			r.log.warn(fmt.Sprintf("Input '%s' has been deprecated with message: %s", in.Key, declared[at].Deprecation))
		}
	}
	valid := make([]string, 0, len(declared))
	for _, d := range declared {
		valid = append(valid, d.Name)
		if slices.ContainsFunc(inputs, func(p pair) bool { return strings.EqualFold(p.key, d.Name) }) {
			continue
		}
		value, err := r.evaluate(d.Default)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, pair{d.Name, value})
		if d.Required && value == "" {
			r.log.debug(fmt.Sprintf("Input '%s' is required and was not given", d.Name))
		}
	}
	if len(unexpected) > 0 && t.action.Manifest != nil {
		r.log.warn(fmt.Sprintf("Unexpected input(s) '%s', valid inputs are ['%s']", strings.Join(unexpected, "', '"), strings.Join(valid, "', '")))
	}
	return inputs, nil
}

// printHeader shows what runs with which inputs (Handler.cs, PrintActionDetails).
func (t *usesTask) printHeader(r *stepRun, inputs []pair) {
	if r.ref.Phase == jobproto.Post {
		r.log.print("Post job cleanup.")
		return
	}
	r.log.print("##[group]Run " + t.ref)
	heading := "with:"
	for _, in := range inputs {
		if in.value == "" {
			continue
		}
		if heading != "" {
			r.log.print(heading)
			heading = ""
		}
		r.log.print("  " + in.key + ": " + in.value)
	}
	r.printEnv()
	r.log.print("##[endgroup]")
}

// addInputs gives a command an action's inputs as INPUT_*.
func addInputs(env *envList, inputs []pair) {
	for _, in := range inputs {
		env.set("INPUT_"+strings.ToUpper(strings.ReplaceAll(in.key, " ", "_")), in.value)
	}
}

// addDeps gives a command what is meant for actions.
func (j *jobRun) addDeps(env *envList) {
	for name, value := range j.deps.Env {
		env.set(name, value)
	}
}

// logWriter adds what is written to it to a step's log.
type logWriter struct{ log *stepLog }

// Write implements io.Writer. Each call is one or more lines, the last of
// which may lack its end.
func (w *logWriter) Write(p []byte) (int, error) {
	if text := strings.TrimSuffix(string(p), "\n"); text != "" {
		w.log.print(text)
	}
	return len(p), nil
}
