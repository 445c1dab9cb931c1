package runner

import (
	"context"
	"io"
	"maps"
	"strings"

	"slipway/internal/action"
	"slipway/internal/executor"
	"slipway/internal/jobproto"
)

// runBuiltin runs an action that is Go code of ours. What it logs, and what
// the programs it starts print, goes through one pipe, so that it stays in
// order and workflow commands in it are obeyed.
func (t *usesTask) runBuiltin(ctx context.Context, r *stepRun, inputs []pair) error {
	env := r.stepEnv(len(inputs) + len(r.job.deps.Env))
	addInputs(env, inputs)
	r.job.addDeps(env)
	console, err := r.job.processes.openConsole(r.toLog())
	if err != nil {
		return err
	}
	call := t.call(r, console, env, inputs)
	if r.ref.Phase == jobproto.Post {
		err = t.action.Builtin.Post(ctx, call)
	} else {
		err = t.action.Builtin.Main(ctx, call)
	}
	console.write.Close()
	if readErr := console.close(); err == nil {
		err = readErr
	}
	return err
}

func (t *usesTask) call(r *stepRun, console *console, env *envList, inputs []pair) *action.Call {
	github, _ := r.scope().Contexts.Get("github") // always there
	call := &action.Call{
		Inputs: make(map[string]string, len(inputs)),
		Env:    make(map[string]string, len(env.list)),
		Github: github,
		State:  maps.Clone(r.step.state),
		Log:    console.write,

		SetOutput: r.does.setOutput,
		SetEnv:    r.does.setEnv,
		AddPath:   r.does.addPath,
		SaveState: r.does.saveState,
		AddMask:   r.job.report.masks.Add,
		Host:      r.job.dirs.host,
	}
	for _, in := range inputs {
		call.Inputs[strings.ToLower(in.key)] = in.value
	}
	for _, v := range env.list {
		name, value, _ := strings.Cut(v, "=")
		call.Env[name] = value
	}
	call.Exec = func(ctx context.Context, args []string, dir string, extra []string, out io.Writer) (int, error) {
		own := env.copyOf(len(extra))
		for _, v := range extra {
			name, value, _ := strings.Cut(v, "=")
			own.set(name, value)
		}
		c := executor.Command{Args: args, Dir: dir, Env: own.list}
		if out == nil {
			c.Output = console.write
			return r.job.processes.run(ctx, c, nil)
		}
		return r.job.processes.runInto(ctx, c, func(from io.Reader) error {
			_, err := io.Copy(out, from)
			return err
		})
	}
	return call
}
