package runner

import (
	"context"
	"fmt"
	"strings"

	"slipway/internal/executor"
	"slipway/internal/fault"
	"slipway/internal/workflow"
)

// runTask runs the script of a `run` step (ScriptHandler.cs).
type runTask struct {
	def *workflow.Step
}

func (t runTask) title(r *stepRun) string { return runTitle(r.text(t.def.Run)) }

func (t runTask) run(ctx context.Context, r *stepRun) error {
	if r.frame.parent != nil {
		// Its env and name still saw the action around it (ActionRunner.cs).
		r.github = with(with(r.github, pair{"action_repository", ""}), pair{"action_ref", ""})
	}
	script, err := r.evaluate(t.def.Run)
	if err != nil {
		return err
	}
	dir, err := t.dir(r)
	if err != nil {
		return err
	}
	r.log.print("##[group]Run " + firstLine(script))
	for line := range strings.SplitSeq(strings.TrimRight(strings.ReplaceAll(script, "\r\n", "\n"), "\n"), "\n") {
		r.log.print("\x1b[36;1m" + line + "\x1b[0m")
	}
	sh, err := t.shell(r)
	if err != nil {
		r.log.print("##[endgroup]")
		return err
	}
	r.log.print("shell: " + sh.program + " " + sh.args)
	r.printEnv()
	r.log.print("##[endgroup]")
	return r.runScript(ctx, sh, script, dir)
}

// shell finds the step's shell: its own, else the job's default. Steps inside
// a composite action have no default.
func (t runTask) shell(r *stepRun) (shell, error) {
	option, err := r.evaluate(t.def.Shell)
	if err != nil {
		return shell{}, err
	}
	if option == "" {
		if r.frame.parent != nil {
			return shell{}, fault.New(fault.Invalid, "Required property is missing: shell")
		}
		option = r.job.defaults.Shell
	}
	return r.job.shells.find(option, r.frame.env.searchPath())
}

// dir is the step's working directory, an inner path.
func (t runTask) dir(r *stepRun) (string, error) {
	dir, err := r.evaluate(t.def.WorkingDirectory)
	if err != nil {
		return "", err
	}
	if t.def.WorkingDirectory == nil && r.frame.parent == nil {
		dir = r.job.defaults.WorkingDirectory
	}
	workspace := r.job.dirs.Inner.Workspace
	switch {
	case dir == "":
		return workspace, nil
	case strings.HasPrefix(dir, "/"):
		return dir, nil
	}
	return workspace + "/" + dir, nil
}

// evaluate evaluates a token that becomes one string; nil is "".
func (r *stepRun) evaluate(t *workflow.Token) (string, error) {
	if t.IsLiteral() {
		return t.Str(), nil
	}
	return workflow.EvaluateString(t, r.scope(), "")
}

// runScript runs a script the step has: in a file of its own.
func (r *stepRun) runScript(ctx context.Context, sh shell, script, dir string) error {
	scratch := r.job.scratch
	file, err := scratch.take("script", sh.extension)
	if err != nil {
		return err
	}
	if err := scratch.write(file, sh.contents(script)); err != nil {
		return err
	}
	err = r.runFile(ctx, sh, scratch.inner+file.name, dir, r.stepEnv(len(fileKinds)))
	if st, ok := scratch.stat(file); ok && r.alone {
		scratch.giveBack(file, &st)
	}
	return err
}

// runFile runs a script file.
func (r *stepRun) runFile(ctx context.Context, sh shell, path, dir string, env *envList) error {
	args := sh.command(path)
	r.log.debug(strings.Join(args, " "))
	code, err := r.withFiles(ctx, executor.Command{Args: args, Dir: dir}, env)
	if err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("Process completed with exit code %d.", code)
	}
	return nil
}

// withFiles runs a command that can write command files, and obeys them
// however the command ended.
func (r *stepRun) withFiles(ctx context.Context, c executor.Command, env *envList) (int, error) {
	files, err := r.job.scratch.takeFiles()
	if err != nil {
		return 0, err
	}
	r.job.scratch.nameFiles(&files, env)
	c.Env = env.list
	code, err := r.command(ctx, c)
	r.alone = r.job.processes.alone()
	r.does.obey(&files, r.alone)
	return code, err
}
