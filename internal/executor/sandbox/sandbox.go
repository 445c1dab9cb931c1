// Package sandbox is the executor that gives each job a machine of its own made
// of this one: the same programs, fresh state, and nothing else, in mount, PID,
// IPC and UTS namespaces that vanish with it. It needs Linux, and root or a
// kernel that gives ordinary users namespaces.
//
// A sandbox is three things:
//   - a place of the host executor outside, for its folders, locks and sweeps;
//   - an init (see Init), which makes the view of the machine (see view.go);
//   - a place of the host executor inside, where the init starts commands.
//
// When the owner's process dies, however, the kernel ends the init, and when
// that ends, all others: only folders are left to sweep.
package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"slipway/internal/executor"
	"slipway/internal/executor/host"
	"slipway/internal/fault"
)

// Options say where places are, and what they share and may use.
type Options struct {
	Root string // folder of the places, with their locks; made if need be
	// ToolCache and Actions are shared by all places and stay; made if need be.
	// They have the same path inside. A job can't write to Actions. "": in Root.
	ToolCache, Actions string
	// Env is what commands start from, "K=V"; nil: host.Environment(os.Environ()).
	Env []string
	// Tools are folders of programs outside the system's own, which jobs may
	// change for themselves; nil: Tools of Env's PATH.
	Tools []string
	// Mounts are further files and folders to show, as the Docker socket.
	Mounts []Mount
	Limits Limits
}

// Executor runs jobs in sandboxes. It implements executor.Executor.
type Executor struct {
	options Options
	folders *host.Executor

	mu       sync.Mutex
	closed   bool
	places   map[*Place]struct{}
	sweeping sync.Mutex
}

// New returns an executor whose places are under o.Root. Whether the kernel
// allows sandboxes, Prepare tells.
func New(o Options) (*Executor, error) {
	if o.Root == "" {
		return nil, fault.New(fault.Usage, "the sandbox executor needs a state folder")
	}
	for _, path := range []*string{&o.Root, &o.ToolCache, &o.Actions} {
		if *path == "" {
			continue
		}
		var err error
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	// A job of root can leave programs that run as root for whoever starts them:
	// nobody else gets there.
	if err := os.MkdirAll(o.Root, 0o700); err != nil {
		return nil, fault.New(fault.Forbidden, "cannot make the state folder: %w", err)
	}
	if o.Env == nil {
		o.Env = host.Environment(os.Environ())
	}
	if o.Tools == nil {
		for _, entry := range o.Env {
			if path, ok := strings.CutPrefix(entry, "PATH="); ok {
				o.Tools = Tools(path)
			}
		}
	}
	for _, m := range o.Mounts {
		if !filepath.IsAbs(m.Host) || !filepath.IsAbs(m.Inner) {
			return nil, fault.New(fault.Usage, "a mount of the sandbox needs absolute paths, not %q at %q", m.Host, m.Inner)
		}
	}
	folders, err := host.New(host.Options{Root: o.Root, ToolCache: o.ToolCache, Actions: o.Actions, Env: o.Env, NoGroups: true})
	if err != nil {
		return nil, err
	}
	return &Executor{options: o, folders: folders, places: map[*Place]struct{}{}}, nil
}

// Name implements executor.Executor.
func (e *Executor) Name() string { return "sandbox" }

// Prepare implements executor.Executor. Where the kernel does not allow
// sandboxes the error's code is fault.Missing, and its message says why.
func (e *Executor) Prepare(ctx context.Context, spec executor.Spec) (executor.Place, error) {
	if spec.Container != nil || len(spec.Services) > 0 {
		return nil, fault.New(fault.Usage, "the sandbox executor has no containers and no services. Give the job's label an executor that has")
	}
	if _, err := e.buryAll(ctx); err != nil {
		return nil, err
	}
	folders, err := e.folders.Prepare(ctx, spec)
	if err != nil {
		return nil, err
	}
	p := newPlace(e, folders, spec.Job)
	if err := p.open(ctx); err != nil {
		return nil, errors.Join(err, p.Close(ctx))
	}
	e.mu.Lock()
	closed := e.closed
	e.places[p] = struct{}{}
	e.mu.Unlock()
	if closed {
		return nil, errors.Join(fault.New(fault.Conflict, "the sandbox executor is closed"), p.Close(ctx))
	}
	return p, nil
}

func (e *Executor) forget(p *Place) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.places, p)
}

// Sweep implements executor.Executor.
func (e *Executor) Sweep(ctx context.Context) (executor.Swept, error) {
	e.sweeping.Lock()
	defer e.sweeping.Unlock()
	ended, err := e.buryAll(ctx)
	if err != nil {
		return executor.Swept{Processes: ended}, err
	}
	swept, err := e.folders.Sweep(ctx)
	swept.Processes += ended
	removed, failed := sweepGroups(e.options.Root)
	swept.Others += removed
	return swept, errors.Join(err, failed)
}

// Close implements executor.Executor.
func (e *Executor) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	var open []*Place
	for p := range e.places {
		open = append(open, p)
	}
	e.mu.Unlock()
	var err error
	for _, p := range open {
		err = errors.Join(err, p.Close(context.Background()))
	}
	return errors.Join(err, e.folders.Close())
}
