package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"slipway/internal/fault"
)

// call is one call of the system's git.
type call struct {
	dir   string
	env   []string // "K=V", added to the environment
	stdin io.Reader
	out   io.Writer  // nil: output returns what git printed
	files []*os.File // handed down, as descriptors from 3
}

// git runs the system's git in dir and returns what it printed.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return call{dir: dir}.output(ctx, args...)
}

// output runs git and returns what it printed to standard output, unless c.out takes it.
// An error is a *gitError, or ctx's when ctx ended git.
func (c call) output(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = c.dir
	cmd.Env = append(environment(os.Environ()), c.env...)
	cmd.Stdin = c.stdin
	cmd.ExtraFiles = c.files
	// A session of its own: no terminal to ask for passwords on, and one group
	// to end together with the helpers git starts for a transport.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &tail{keep: &stderr}
	if c.out != nil {
		cmd.Stdout = c.out
	}
	err := cmd.Run()
	switch {
	case err == nil:
		return stdout.Bytes(), nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return nil, fault.New(fault.Missing, "git is needed for this and is not on PATH: install git")
	}
	return nil, &gitError{verb: verbOf(args), stderr: strings.TrimSpace(stderr.String()), cause: err}
}

// gitError is git's refusal.
type gitError struct {
	verb   string // "rev-parse"
	stderr string // what git said, its last 8 KiB
	cause  error
}

// Error says which command failed and git's own words.
func (e *gitError) Error() string {
	if e.stderr == "" {
		return "git " + e.verb + ": " + e.cause.Error()
	}
	return "git " + e.verb + ": " + e.stderr
}

// Unwrap returns how the process ended.
func (e *gitError) Unwrap() error { return e.cause }

// exitCode is git's exit code, or -1 when err is not from an ended git.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// says reports whether err is git's and holds these words.
func says(err error, words string) bool {
	e, ok := errors.AsType[*gitError](err)
	return ok && strings.Contains(e.stderr, words)
}

// verbOf is the subcommand among git's arguments.
func verbOf(args []string) string {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-c" || args[i] == "-C":
			i++
		case !strings.HasPrefix(args[i], "-"):
			return args[i]
		}
	}
	return ""
}

// repositoryVariables are those that would make git look at another repository
// than the folder it runs in: set when we are started from a hook
// (`git rev-parse --local-env-vars`, without the ones that carry configuration).
var repositoryVariables = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_GRAFT_FILE",
	"GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS",
	"GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
	// Replaced below.
	"GIT_ASKPASS", "GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT", "LANGUAGE", "LC_ALL", "SSH_ASKPASS",
}

// environment is env made fit for git processes of ours: about the folder they
// run in, never asking anything, with messages in English.
func environment(env []string) []string {
	clean := make([]string, 0, len(env)+8)
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.Contains(repositoryVariables, name) {
			clean = append(clean, entry)
		}
	}
	return append(clean, "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "SSH_ASKPASS=", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
}

// tail keeps the last 8 KiB written to it: enough of git's words, whatever it prints.
type tail struct {
	keep *bytes.Buffer
}

const tailSize = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > tailSize {
		p = p[len(p)-tailSize:]
	}
	if over := t.keep.Len() + len(p) - tailSize; over > 0 {
		t.keep.Next(over)
	}
	t.keep.Write(p)
	return n, nil
}
