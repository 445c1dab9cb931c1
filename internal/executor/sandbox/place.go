package sandbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// Where a job finds its folders: those of a hosted runner, the same for every
// job, so that what remembers paths finds them again.
const (
	innerWork  = "/home/runner/work"
	innerFiles = "/home/runner/_files"
	innerState = "/run/slipway"
)

// Place is a sandbox. It implements executor.Place.
type Place struct {
	owner   *Executor
	folders executor.Place
	job     string
	dirs    executor.Dirs
	env     map[string]string
	group   *group

	pid  int // the init; 0 before there is one
	wire *wire
	ids  atomic.Uint64

	life   sync.RWMutex // held for reading while a command is being started
	closed bool

	mu       sync.Mutex
	gone     bool // the init is, with all commands
	answers  map[uint64]chan message
	commands map[uint64]*process

	closing sync.Once
	done    chan struct{} // closed when Close has its answer
	err     error         // Close's answer
}

func newPlace(e *Executor, folders executor.Place, job string) *Place {
	p := &Place{
		owner: e, folders: folders, job: job, answers: map[uint64]chan message{}, commands: map[uint64]*process{}, done: make(chan struct{}),
	}
	outside := folders.Dirs().Host
	p.dirs.Host = outside
	p.dirs.Inner = executor.Layout{
		Workspace: innerWork + outside.Workspace[len(filepath.Dir(outside.Temp)):],
		Temp:      innerWork + "/" + filepath.Base(outside.Temp),
		Home:      innerFiles,
		ToolCache: outside.ToolCache,
		Actions:   outside.Actions,
	}
	p.env = innerEnv(folders.Env(), os.Geteuid() == 0)
	return p
}

// innerEnv is a host's environment as it makes sense in a sandbox.
func innerEnv(env map[string]string, root bool) map[string]string {
	// What they name is not seen.
	for _, name := range []string{"TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"} {
		delete(env, name)
	}
	if homeOf(env["HOME"]) == "" || !root && isBelow(env["HOME"], "/root") {
		env["HOME"] = "/home/runner"
	}
	if !root { // what would be installed for all users goes here
		env["npm_config_prefix"] = env["HOME"] + "/.local"
		env["PATH"] = env["HOME"] + "/.local/bin:" + env["PATH"]
	}
	return env
}

// setup is what the init has to make.
func (p *Place) setup(machine string) *setup {
	o, outside, inner := p.owner.options, p.dirs.Host, p.dirs.Inner
	mounts := []Mount{
		{Host: filepath.Dir(outside.Temp), Inner: innerWork},
		{Host: outside.Home, Inner: inner.Home},
		{Host: outside.ToolCache, Inner: inner.ToolCache},
		{Host: outside.Actions, Inner: inner.Actions, ReadOnly: true},
	}
	return &setup{
		Root: os.Geteuid() == 0, Disk: machine, Home: p.env["HOME"], State: innerState,
		Mounts: append(mounts, o.Mounts...), Tools: o.Tools, Numbers: o.Limits.numbers(),
	}
}

// open starts the init and waits until the sandbox is made.
func (p *Place) open(ctx context.Context) error {
	slot := filepath.Dir(p.dirs.Host.Home)
	machine := filepath.Join(slot, machineName)
	if err := os.Mkdir(machine, 0o700); err != nil {
		return fmt.Errorf("make the sandbox's folder: %w", err)
	}
	var err error
	if p.group, err = newGroup(slot, p.owner.options.Limits); err != nil {
		return err
	}
	if err := p.spawn(); err != nil {
		return err
	}
	// These take the kernel longer than the init needs.
	beside := make(chan error, 1)
	go func() { beside <- errors.Join(recordInit(p.pid, machine), p.group.join(p.pid)) }()
	_, err = p.ask(message{Op: opSetup, Setup: p.setup(machine)})
	if e := <-beside; err == nil {
		err = e
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// Dirs implements executor.Place.
func (p *Place) Dirs() executor.Dirs { return p.dirs }

// Env implements executor.Place.
func (p *Place) Env() map[string]string { return maps.Clone(p.env) }

// Start implements executor.Place.
func (p *Place) Start(ctx context.Context, cmd executor.Command) (executor.Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.life.RLock()
	defer p.life.RUnlock()
	if p.closed {
		return nil, fault.New(fault.Conflict, "the place of job %s is closed", p.job)
	}
	if cmd.Dir == "" {
		cmd.Dir = p.dirs.Inner.Workspace
	}
	m := message{
		Op: opStart, ID: p.ids.Add(1), Args: toBytes(cmd.Args), Env: toBytes(cmd.Env), Dir: []byte(cmd.Dir),
		Stdin: cmd.Stdin != nil, Output: cmd.Output != nil,
	}
	var files []*os.File
	for _, f := range []*os.File{cmd.Stdin, cmd.Output} {
		if f != nil {
			files = append(files, f)
		}
	}
	started := &process{place: p, id: m.ID, ended: make(chan struct{})}
	p.mu.Lock()
	p.commands[m.ID] = started
	p.mu.Unlock()
	if _, err := p.ask(m, files...); err != nil {
		p.forgetCommand(m.ID)
		return nil, err
	}
	return started, nil
}

func (p *Place) forgetCommand(id uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.commands, id)
}

// Processes implements executor.Place.
func (p *Place) Processes() int {
	answer, err := p.ask(message{Op: opCount})
	if err != nil {
		return 0 // the init is gone, and all others with it
	}
	return answer.Count
}

// Close implements executor.Place.
func (p *Place) Close(ctx context.Context) error {
	p.closing.Do(func() {
		defer close(p.done)
		// First of all, so that no request waits for a slow answer.
		p.err = p.end()
		p.life.Lock() // no command is being started, and none will be
		p.closed = true
		p.life.Unlock()
		if p.err == nil { // else the folders stay, while something may write to them
			p.err = p.folders.Close(ctx)
		}
		p.owner.forget(p)
	})
	<-p.done
	return p.err
}

// process is a started command.
type process struct {
	place *Place
	id    uint64

	ended  chan struct{} // closed when there is a status
	status executor.Status
	err    error
}

// Wait implements executor.Process.
func (c *process) Wait() (executor.Status, error) {
	<-c.ended
	return c.status, c.err
}

// Signal implements executor.Process.
func (c *process) Signal(sig syscall.Signal) error {
	_, err := c.place.ask(message{Op: opSignal, Command: c.id, Signal: int(sig)})
	if errors.Is(err, errGone) {
		return nil // so is the command
	}
	return err
}

// end takes the command's status from what the init tells.
func (c *process) end(m message) {
	c.status = executor.Status{Code: m.Code, Signal: syscall.Signal(m.Signal), CPU: time.Duration(m.CPU)}
	c.err = m.Fault.err()
	close(c.ended)
}
