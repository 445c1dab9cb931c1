package runner

import (
	"context"
	"fmt"
	"os"
	"strconv"
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
	path, err := r.job.writeScript(sh, script)
	if err != nil {
		return err
	}
	return r.runScript(ctx, sh, path, dir, r.stepEnv(0))
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

// writeScript writes a script to a file of its own and returns its inner path.
func (j *jobRun) writeScript(sh shell, script string) (string, error) {
	name := "/script_" + strconv.FormatInt(j.scripts.Add(1), 10) + sh.extension
	if err := os.WriteFile(j.dirs.Host.Home+name, []byte(sh.contents(script)), 0o644); err != nil {
		return "", fmt.Errorf("write the step's script: %w", err)
	}
	return j.dirs.Inner.Home + name, nil
}

// runScript runs a script file with the step's command files.
func (r *stepRun) runScript(ctx context.Context, sh shell, path, dir string, env *envList) error {
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
	files, err := r.job.newCommandFiles()
	if err != nil {
		return 0, err
	}
	files.addTo(env)
	c.Env = env.list
	code, err := r.command(ctx, c)
	r.readFiles(files)
	return code, err
}
