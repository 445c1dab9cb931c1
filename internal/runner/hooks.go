package runner

import (
	"context"
	"fmt"
	"os"
	"path"

	"slipway/internal/fault"
	"slipway/internal/workflow"
)

// hookTask runs a script that whoever set the runner up wants before or after
// every job (JobHookProvider.cs).
type hookTask struct {
	name string // of its step
	when string // "started" or "completed"
	path string // inner path
}

// addHooks puts the hooks around the job's steps: the one before them first,
// the one after them last.
func (j *jobRun) addHooks() {
	hook := func(t hookTask) *step {
		return &step{def: &workflow.Step{Name: workflow.NewString(t.name)}, task: t, state: map[string]string{}}
	}
	if j.deps.JobStarted != "" {
		j.pre = append(j.pre, hook(hookTask{"Set up runner", "started", j.deps.JobStarted}))
	}
	if j.deps.JobCompleted != "" {
		j.addPost(hook(hookTask{"Complete runner", "completed", j.deps.JobCompleted}))
	}
}

func (t hookTask) title(*stepRun) string { return t.name }

func (t hookTask) run(ctx context.Context, r *stepRun) error {
	r.log.print(fmt.Sprintf("A job %s hook has been configured by the self-hosted runner administrator", t.when))
	if _, err := os.Stat(r.job.dirs.host(t.path)); err != nil {
		return fault.New(fault.NotFound, "the job %s hook %s does not exist: %w", t.when, t.path, err)
	}
	sh, err := t.shell(ctx, r)
	if err != nil {
		return err
	}
	r.log.print("##[group]Run '" + t.path + "'")
	r.log.print("shell: " + sh.program + " " + sh.args)
	r.log.print("##[endgroup]")
	// The workflow's env is not for hooks.
	env := newEnviron(r.frame.env.outside).commandEnv(nil, len(fileKinds))
	return r.runFile(ctx, sh, t.path, r.job.dirs.Inner.Workspace, env)
}

// shell is chosen by the script's extension (HostContext.cs).
func (t hookTask) shell(ctx context.Context, r *stepRun) (shell, error) {
	search := r.frame.env.searchPath()
	switch path.Ext(t.path) {
	case ".sh":
		return r.job.shells.find("", search)
	case ".ps1":
		return r.job.shells.find("pwsh", search)
	case ".js":
		node, err := r.job.nodes.find(ctx, hookNode)
		return shell{name: "node", program: node, args: "{0}"}, err
	}
	return shell{}, fault.New(fault.Invalid, "%s is not a valid path to a script. Make sure it ends in '.sh', '.ps1' or '.js'.", t.path)
}

// hookNode is the version of Node.js that runs .js hooks.
const hookNode = 20
