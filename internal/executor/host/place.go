package host

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// Place is where one job runs. It implements executor.Place.
type Place struct {
	host   *Executor
	slot   *slot
	layout executor.Layout
	job    string
	mark   mark
	keep   bool

	groupless atomic.Bool // the slot's group turned out not to take commands

	life   sync.RWMutex // held for reading while a command is being started
	closed bool

	mu       sync.Mutex
	commands map[int]*process // started, and not waited for yet

	closing sync.Once
	done    chan struct{} // closed when Close has its answer
	err     error         // Close's answer
}

// Dirs implements executor.Place.
func (p *Place) Dirs() executor.Dirs { return executor.Dirs{Host: p.layout, Inner: p.layout} }

// Env implements executor.Place.
func (p *Place) Env() map[string]string {
	env := make(map[string]string, len(p.host.options.Env))
	for _, entry := range p.host.options.Env {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	return env
}

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
	started := &process{place: p}
	err := p.launch(ctx, cmd, func(pid int) {
		started.pid = pid
		p.mu.Lock()
		defer p.mu.Unlock()
		p.commands[pid] = started
	})
	if err != nil {
		return nil, err
	}
	return started, nil
}

// forget is told by a command that its status was taken.
func (p *Place) forget(c *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.commands, c.pid)
}

// started reports whether pid is a command of this place whose status its
// starter will want.
func (p *Place) started(pid int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.commands[pid] != nil
}

// Processes implements executor.Place.
func (p *Place) Processes() int {
	p.life.RLock()
	defer p.life.RUnlock()
	if p.closed || p.quiet() { // closed: the slot may be another place's by now
		return 0
	}
	members, err := p.members()
	if err != nil {
		return 0
	}
	living := map[int]bool{}
	for _, m := range members {
		if !m.dead {
			living[m.pid] = true
		}
	}
	inGroup, err := p.slot.group.members() // those that lost the mark, too
	if err == nil {
		for _, pid := range inGroup {
			living[pid] = true
		}
	}
	return len(living)
}

// members are the processes that carry the place's mark.
func (p *Place) members() ([]proc, error) {
	pids, err := owned(p.mark.covers, false)
	var members []proc
	for _, pid := range pids {
		if m, there := readProc(pid); there {
			members = append(members, m)
		}
	}
	return members, err
}

// quiet reports, without a look at all processes of the machine, that the place
// has none. What a command leaves behind is our child when the command has ended.
func (p *Place) quiet() bool {
	p.mu.Lock()
	running := len(p.commands)
	p.mu.Unlock()
	if running > 0 || !p.host.adopting || p.slot.group.populated() {
		return false
	}
	pids, err := p.host.orphans.list()
	if err != nil {
		return false
	}
	own, err := unix.Getsid(0)
	return err == nil && !slices.ContainsFunc(pids, func(pid int) bool {
		return isOwned(pid, own, p.mark.covers, true)
	})
}

// Close implements executor.Place.
func (p *Place) Close(context.Context) error {
	p.closing.Do(func() {
		defer close(p.done)
		p.life.Lock() // no command is being started, and none will be
		p.closed = true
		p.life.Unlock()
		p.err = p.end()
		p.host.forget(p)
	})
	<-p.done
	return p.err
}

// end ends the place's processes and gives its slot back.
func (p *Place) end() error {
	if !p.quiet() {
		defer p.reapCommands() // those whose starter never waits
		all := ending{belongs: p.mark.covers, groups: p.groups(), reap: p.reap}
		if _, err := all.run(); err != nil {
			p.slot.release() // the folders stay while something may write to them
			return err
		}
	}
	return p.host.dismiss(p.slot, p.keep)
}

// reapCommands takes the statuses of the commands that have ended.
func (p *Place) reapCommands() {
	p.mu.Lock()
	commands := slices.Collect(maps.Values(p.commands))
	p.mu.Unlock()
	for _, c := range commands {
		c.reap()
	}
}

func (p *Place) groups() []*group {
	if p.slot.group == nil {
		return nil
	}
	return []*group{p.slot.group}
}

// reap takes the status of a dead process of the place: a command's for whoever
// waits for it, an orphan's for nobody.
func (p *Place) reap(pid int) {
	p.mu.Lock()
	command := p.commands[pid]
	p.mu.Unlock()
	if command != nil {
		command.reap()
		return
	}
	reapOrphan(pid)
}
