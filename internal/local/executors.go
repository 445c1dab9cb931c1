package local

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"slipway/internal/executor"
	"slipway/internal/executor/host"
	"slipway/internal/executor/sandbox"
	"slipway/internal/fault"
)

// executorNames are what --on can name.
var executorNames = []string{"host", "sandbox"}

// closable is an executor of this process.
type closable interface {
	executor.Executor
	Close() error
}

// executors are those that jobs of a run may need, by name.
type executors map[string]closable

// openExecutors makes the host executor, and the others that --on names.
func (p *Plan) openExecutors() (executors, error) {
	opened := executors{}
	tools, actions := filepath.Join(p.options.Dirs.Cache, "tools"), filepath.Join(p.options.Dirs.Cache, "actions")
	for _, name := range append([]string{"host"}, slices.Sorted(maps.Values(p.options.On))...) {
		if opened[name] != nil {
			continue
		}
		var e closable
		var err error
		switch name {
		case "host":
			e, err = host.New(host.Options{Root: filepath.Join(p.options.Dirs.State, "jobs"), ToolCache: tools, Actions: actions})
		case "sandbox":
			e, err = sandbox.New(sandbox.Options{
				Root: filepath.Join(p.options.Dirs.State, "sandboxes"), ToolCache: tools, Actions: actions, Mounts: p.sandboxMounts(),
			})
		default:
			err = fault.New(fault.Usage, "there is no executor %q", name)
		}
		if err != nil {
			return nil, err
		}
		opened[name] = e
	}
	return opened, nil
}

// sandboxMounts shows the objects that checkouts of this repository borrow.
func (p *Plan) sandboxMounts() []sandbox.Mount {
	objects := p.repo.Objects()
	if objects == "" {
		return nil
	}
	return []sandbox.Mount{{Host: objects, Inner: objects, ReadOnly: true}}
}

// sweep removes what killed processes of ours left behind, and says so.
func (e executors) sweep(ctx context.Context, reporter Reporter) {
	for _, name := range slices.Sorted(maps.Keys(e)) {
		swept, err := e[name].Sweep(ctx)
		if err != nil {
			reporter.Notice(fmt.Sprintf("could not clean up after an earlier run: %v", err))
		}
		if swept != (executor.Swept{}) {
			reporter.Notice(fmt.Sprintf("cleaned up after a run that was killed: %d processes, %d folders", swept.Processes, swept.Folders))
		}
	}
}

func (e executors) close(reporter Reporter) {
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if err := e[name].Close(); err != nil {
			reporter.Notice(fmt.Sprintf("could not clean up: %v", err))
		}
	}
}
