package runner

import (
	"context"
	"io"
	"os"
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
	console, err := r.openConsole()
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
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (t *usesTask) call(r *stepRun, console *console, env *envList, inputs []pair) *action.Call {
	github, _ := r.scope().Contexts.Get("github") // always there
	call := &action.Call{
		Inputs: make(map[string]string, len(inputs)),
		Env:    make(map[string]string, len(env.list)),
		Github: github,
		State:  r.step.state,
		Log:    console.write,

		SetOutput: r.setOutput,
		SetEnv:    r.setEnv,
		AddPath:   r.addPath,
		SaveState: r.saveState,
		AddMask:   r.job.report.masks.Add,
		Host:      r.job.hostPath,
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
			return r.execTo(ctx, c, console.write)
		}
		return r.execInto(ctx, c, out)
	}
	return call
}

// execTo runs a program of a built-in action, its output going to a file.
func (r *stepRun) execTo(ctx context.Context, c executor.Command, output *os.File) (int, error) {
	c.Output = output
	process, err := r.job.deps.Place.Start(ctx, c)
	if err != nil {
		return 0, err
	}
	return r.job.supervise(ctx, process)
}

// execInto is execTo with a writer of ours.
func (r *stepRun) execInto(ctx context.Context, c executor.Command, out io.Writer) (int, error) {
	read, write, err := newPipe()
	if err != nil {
		return 0, err
	}
	capture := &console{job: r.job, reader: &outputReader{file: read, left: maxPipe}, write: write, copied: make(chan error, 1)}
	go func() {
		_, err := io.Copy(out, capture.reader)
		capture.copied <- err
	}()
	code, err := r.execTo(ctx, c, write)
	write.Close()
	if readErr := capture.close(); err == nil {
		err = readErr
	}
	return code, err
}
