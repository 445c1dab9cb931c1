// Package executor is a place to run commands: it knows nothing of workflows.
// Each subpackage implements Executor; executor/executortest is the suite they
// all pass. It imports fault only.
package executor

import (
	"context"
	"os"
	"syscall"
	"time"
)

// Executor makes places for jobs. It is safe for concurrent use.
type Executor interface {
	// Name is the executor's kind: "host", "sandbox", "docker", "fake".
	Name() string

	// Prepare makes an empty place for one job. The caller must Close it.
	// A canceled ctx makes Prepare clean up after itself and return ctx's error.
	Prepare(ctx context.Context, spec Spec) (Place, error)

	// Sweep removes what a dead process of ours left behind (processes,
	// folders, containers, …) and leaves alone what a living one owns.
	// It may run beside other processes' Prepare, Close and Sweep.
	Sweep(ctx context.Context) (Swept, error)

	// Close closes the places still open and lets go of what the executor
	// keeps ready for the next one. Call it when no more places are needed;
	// Prepare fails afterwards. It is idempotent.
	Close() error
}

// Spec says what one job needs of its place.
type Spec struct {
	Job    string            // unique; [A-Za-z0-9._-]+, names labels, and the folder when it is kept
	Keep   bool              // leave the folders when closed
	Labels map[string]string // for people who look at what is left
	Repo   string            // owner/name: names the workspace folder as on GitHub: work/NAME/NAME

	// Container is set for executors that run images; nil otherwise.
	Container *Container
	Services  []Container
}

// Container is an image to run. Host executors refuse it.
type Container struct {
	Name       string // a service's key; "" for the job container
	Image      string
	Env        map[string]string
	Ports      []string
	Volumes    []string
	Options    string
	Entrypoint string
	Command    string
	Username   string
	Password   string
}

// Place is where one job runs. Its methods are safe for concurrent use.
type Place interface {
	// Dirs are the job's folders. Commands see them under Dirs().Inner,
	// we reach the same files under Dirs().Host; on the host they are equal.
	Dirs() Dirs

	// Env is the environment every command starts from (PATH, HOME, …).
	// The caller gets a copy.
	Env() map[string]string

	// Start starts a command. It returns when the process exists, or with an
	// error that says in words why it can't (program not found: fault.Missing).
	// Canceling ctx after Start has returned does nothing: use Process.Signal.
	Start(ctx context.Context, cmd Command) (Process, error)

	// Processes counts the living processes of the job, for the host's word
	// on what a step left running.
	Processes() int

	// Close ends everything the job started, hidden or not, and removes its
	// folders unless Keep. It is idempotent, may take a while, and is not
	// stopped by a canceled ctx: ctx only carries values.
	Close(ctx context.Context) error
}

// Dirs are the folders of a place.
type Dirs struct {
	Host, Inner Layout
}

// Layout names the folders of one view of a place. All exist and are empty at the start,
// except ToolCache and Actions, which live longer than the job.
type Layout struct {
	Workspace string // GITHUB_WORKSPACE
	Temp      string // RUNNER_TEMP: emptied with the job
	Home      string // file commands, event.json, scripts: ours, outside Temp; may hold empty plain files of ours
	ToolCache string // RUNNER_TOOL_CACHE
	Actions   string // unpacked actions, shared and read-only by convention
}

// Command is a program to run.
type Command struct {
	Args []string // Args[0] is looked up in Env's PATH unless it holds a slash
	Dir  string   // inner path; "" is the workspace
	Env  []string // the whole environment, "K=V"; the place adds only its marks
	// Stdin may be nil: the null device.
	Stdin *os.File
	// Output receives stdout and stderr, in the order they were written; nil:
	// nowhere. The place holds no copy of it once Start has returned. Start
	// puts it and Stdin into blocking mode, which their other holders see too.
	Output *os.File
}

// Process is a started command.
type Process interface {
	// Wait waits for the command itself, not for what it left behind.
	// It may be called once.
	Wait() (Status, error)
	// Signal signals the command and everything it started that is still alive
	// and still recognisably its own (session or group); an ended one is no error.
	Signal(sig syscall.Signal) error
}

// Status is how a command ended.
type Status struct {
	Code   int            // 0–255; 128+signal when Signal is set
	Signal syscall.Signal // 0 unless a signal ended it
	CPU    time.Duration  // user and system
}

// Swept counts what Sweep removed, for one line to the user.
type Swept struct {
	Processes, Folders, Containers, Others int
}
