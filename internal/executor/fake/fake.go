// Package fake is an executor for tests of other rooms: real folders, and
// commands answered by a Go function instead of programs. It imports executor
// and fault only.
package fake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// Func answers a command. Its ctx is cancelled when the command is killed or
// its place closed; whatever it returns then, the command ends with SIGKILL.
type Func func(ctx context.Context, c *Call) executor.Status

// Call is a command that was started.
type Call struct {
	executor.Command // Dir is filled in; Output and Stdin are open until Func returns, never nil
	Job              string
	Place            *Place
	Signals          <-chan syscall.Signal // signals but SIGKILL
}

// Print writes to the command's output.
func (c *Call) Print(a ...any) { _, _ = fmt.Fprint(c.Output, a...) } // as a program that ignores EPIPE

// Getenv is the value of the command's variable name, "" if it has none.
func (c *Call) Getenv(name string) string {
	for _, entry := range c.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// Executor makes places whose commands answer answers.
type Executor struct {
	root   string
	answer Func

	mu     sync.Mutex
	closed bool
	places map[*Place]struct{}
	calls  []*Call
}

// New returns an executor with its places below the folder root.
func New(root string, answer Func) (*Executor, error) {
	e := &Executor{root: root, answer: answer, places: map[*Place]struct{}{}}
	for _, shared := range []string{e.toolCache(), e.actions()} {
		if err := os.MkdirAll(shared, 0o755); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func (e *Executor) toolCache() string { return filepath.Join(e.root, "tools") }
func (e *Executor) actions() string   { return filepath.Join(e.root, "actions") }

// Name implements executor.Executor.
func (e *Executor) Name() string { return "fake" }

// Calls are the commands started so far, in order.
func (e *Executor) Calls() []*Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.calls)
}

var jobName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]+$`) })

// Prepare implements executor.Executor.
func (e *Executor) Prepare(ctx context.Context, spec executor.Spec) (executor.Place, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !jobName().MatchString(spec.Job) {
		return nil, fault.New(fault.Usage, "a place needs a job name of letters, digits, '.', '_' and '-', not %q", spec.Job)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fault.New(fault.Conflict, "the fake executor is closed")
	}
	dir, err := os.MkdirTemp(e.root, spec.Job+"-*")
	if err != nil {
		return nil, err
	}
	repo := filepath.Base("/" + spec.Repo)
	if repo == "/" || repo == ".." || repo == "." {
		repo = "workspace"
	}
	p := &Place{Spec: spec, executor: e, dir: dir, running: map[*process]struct{}{}, layout: executor.Layout{
		Workspace: filepath.Join(dir, "work", repo, repo),
		Temp:      filepath.Join(dir, "work", "_temp"),
		Home:      filepath.Join(dir, "home"),
		ToolCache: e.toolCache(),
		Actions:   e.actions(),
	}}
	for _, folder := range []string{p.layout.Workspace, p.layout.Temp, p.layout.Home} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	e.places[p] = struct{}{}
	return p, nil
}

// Sweep implements executor.Executor: a fake has nothing to sweep.
func (e *Executor) Sweep(context.Context) (executor.Swept, error) { return executor.Swept{}, nil }

// Close implements executor.Executor.
func (e *Executor) Close() error {
	e.mu.Lock()
	e.closed = true
	open := slices.Collect(maps.Keys(e.places))
	e.mu.Unlock()
	var err error
	for _, p := range open {
		err = errors.Join(err, p.Close(context.Background()))
	}
	return err
}

func (e *Executor) record(c *Call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, c)
}

// Place is where one job's commands are answered.
type Place struct {
	Spec     executor.Spec
	executor *Executor
	dir      string
	layout   executor.Layout

	mu      sync.Mutex
	closed  bool
	running map[*process]struct{}

	closing sync.Once
	err     error
}

// Dirs implements executor.Place.
func (p *Place) Dirs() executor.Dirs { return executor.Dirs{Host: p.layout, Inner: p.layout} }

// Env implements executor.Place.
func (p *Place) Env() map[string]string {
	return map[string]string{"PATH": os.Getenv("PATH"), "HOME": p.layout.Home}
}

// Start implements executor.Place.
func (p *Place) Start(ctx context.Context, cmd executor.Command) (executor.Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(cmd.Args) == 0 || cmd.Args[0] == "" {
		return nil, fault.New(fault.Usage, "no program to start")
	}
	if cmd.Dir == "" {
		cmd.Dir = p.layout.Workspace
	}
	if st, err := os.Stat(cmd.Dir); err != nil || !st.IsDir() {
		return nil, fault.New(fault.NotFound, "cannot start %s: its working directory %s is not a folder", cmd.Args[0], cmd.Dir)
	}
	cmd.Args, cmd.Env = slices.Clone(cmd.Args), slices.Clone(cmd.Env)
	var err error
	if cmd.Output, err = copyOf(cmd.Output); err != nil {
		return nil, err
	}
	if cmd.Stdin, err = copyOf(cmd.Stdin); err != nil {
		return nil, errors.Join(err, cmd.Output.Close())
	}
	signals := make(chan syscall.Signal, 16)
	answering, kill := context.WithCancel(context.WithoutCancel(ctx))
	c := &Call{Command: cmd, Job: p.Spec.Job, Place: p, Signals: signals}
	s := &process{kill: kill, signals: signals, done: make(chan struct{})}

	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		kill()
		return nil, errors.Join(fault.New(fault.Conflict, "the place of job %s is closed", p.Spec.Job), cmd.Output.Close(), cmd.Stdin.Close())
	}
	p.executor.record(c)
	p.running[s] = struct{}{}
	go p.run(answering, c, s)
	return s, nil
}

// copyOf is a file of our own for what the caller closes after Start.
func copyOf(f *os.File) (*os.File, error) {
	if f == nil {
		return os.OpenFile(os.DevNull, os.O_RDWR, 0)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", f.Name(), err)
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), f.Name()), nil
}

func (p *Place) run(ctx context.Context, c *Call, s *process) {
	s.status = p.executor.answer(ctx, c)
	if ctx.Err() != nil {
		s.status = executor.Status{Code: 128 + int(syscall.SIGKILL), Signal: syscall.SIGKILL}
	}
	s.err = errors.Join(c.Output.Close(), c.Stdin.Close())
	p.mu.Lock()
	delete(p.running, s)
	p.mu.Unlock()
	close(s.done)
	s.kill()
}

// Processes implements executor.Place: the commands that are being answered.
func (p *Place) Processes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running)
}

// Close implements executor.Place.
func (p *Place) Close(context.Context) error {
	p.closing.Do(func() {
		p.mu.Lock()
		p.closed = true
		running := slices.Collect(maps.Keys(p.running))
		p.mu.Unlock()
		for _, s := range running {
			s.kill()
			<-s.done
		}
		if !p.Spec.Keep {
			p.err = os.RemoveAll(p.dir)
		}
		p.executor.mu.Lock()
		delete(p.executor.places, p)
		p.executor.mu.Unlock()
	})
	return p.err
}

// process is a command that is being answered.
type process struct {
	kill    context.CancelFunc
	signals chan<- syscall.Signal
	done    chan struct{}
	status  executor.Status // when done is closed
	err     error
}

// Wait implements executor.Process.
func (s *process) Wait() (executor.Status, error) {
	<-s.done
	return s.status, s.err
}

// Signal implements executor.Process.
func (s *process) Signal(sig syscall.Signal) error {
	if sig == syscall.SIGKILL {
		s.kill()
		return nil
	}
	select {
	case s.signals <- sig:
	default: // pending already, as the kernel merges signals
	}
	return nil
}
