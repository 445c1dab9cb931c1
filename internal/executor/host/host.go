// Package host is the executor that runs jobs on this machine itself: a place
// is a few folders, and whatever a job started there is gone when it ends,
// however it hid. See mark for how that is known, slot for the folders.
//
// While an Executor exists its process is a child subreaper: the orphans of
// jobs become its children, and it takes the statuses of those, and only those,
// that carry the mark of a place and are not in its own session. Other code of
// the process may start commands as it likes.
package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// Options say where places are and what they share.
type Options struct {
	Root string // folder of the places, with their locks; made if need be
	// ToolCache and Actions are shared by all places and stay; made if need be.
	// "": folders in Root.
	ToolCache, Actions string
	// Env is what commands start from, "K=V"; nil: Environment(os.Environ()).
	Env []string
	// NoGroups leaves control groups alone, as on machines without them.
	NoGroups bool

	groupParent string // for tests, which must tell their groups from others'
}

// Executor runs jobs on this machine. It implements executor.Executor.
type Executor struct {
	options  Options
	parent   string   // control group in which slots make theirs; "": none
	outer    mark     // of the place this process itself runs in; 0: none
	null     *os.File // /dev/null
	orphans  orphans
	adopting bool // orphans become our children

	mu     sync.Mutex
	closed bool
	places map[*Place]struct{}
	spare  []*slot     // emptied, locked, ready for the next place
	reaper *time.Timer // set while places are open
}

// reapEvery is how often orphans that have died are waited for while jobs run,
// so that a job that leaves many behind does not run out of process numbers.
const reapEvery = 250 * time.Millisecond

// New returns an executor whose places are under o.Root.
func New(o Options) (*Executor, error) {
	if o.Root == "" {
		return nil, fault.New(fault.Usage, "the host executor needs a state folder")
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, err
	}
	o.Root = root
	if o.ToolCache == "" {
		o.ToolCache = filepath.Join(root, "tools")
	}
	if o.Actions == "" {
		o.Actions = filepath.Join(root, "actions")
	}
	if o.Env == nil {
		o.Env = Environment(os.Environ())
	}
	for _, folder := range []string{o.Root, o.ToolCache, o.Actions} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, fault.New(fault.Forbidden, "cannot make the state folder: %w", err)
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	e := &Executor{options: o, null: null, orphans: openOrphans(), outer: outerMark(), places: map[*Place]struct{}{}}
	e.adopting = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == nil && e.orphans.known()
	if !o.NoGroups {
		e.parent = cmp.Or(o.groupParent, groupParent())
	}
	return e, nil
}

// Name implements executor.Executor.
func (e *Executor) Name() string { return "host" }

var jobName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._-]+$`) })

// Prepare implements executor.Executor.
func (e *Executor) Prepare(ctx context.Context, spec executor.Spec) (executor.Place, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !jobName().MatchString(spec.Job) {
		return nil, fault.New(fault.Usage, "a place needs a job name of letters, digits, '.', '_' and '-', not %q", spec.Job)
	}
	if spec.Container != nil || len(spec.Services) > 0 {
		return nil, fault.New(fault.Missing, "the host executor runs jobs on this machine itself: it has no containers and no services. Give the job's label an executor that has")
	}
	s, err := e.take(spec)
	if err != nil {
		if s != nil {
			err = errors.Join(err, s.remove())
		}
		return nil, err
	}
	p, err := e.open(ctx, s, spec)
	if err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return p, nil
}

// take finds a slot for a place: an emptied one, or a new one. It is locked.
func (e *Executor) take(spec executor.Spec) (*slot, error) {
	repo := workspaceName(spec.Repo)
	if !spec.Keep {
		if s := e.takeSpare(); s != nil {
			return s, s.rename(repo)
		}
	}
	for n := 1; ; n++ {
		name := strconv.Itoa(n)
		if spec.Keep {
			name = keepPrefix + spec.Job
			if n > 1 {
				name += "-" + strconv.Itoa(n)
			}
		}
		s, err := e.claim(filepath.Join(e.options.Root, name))
		if s != nil {
			s.repo = repo
		}
		if s != nil || err != nil {
			return s, err
		}
	}
}

func (e *Executor) takeSpare() *slot {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.spare) == 0 {
		return nil
	}
	s := e.spare[len(e.spare)-1]
	e.spare = e.spare[:len(e.spare)-1]
	return s
}

// claim takes the slot path if it is free, cleaning up after a dead owner; nil
// if it is in use, or holds what is none of ours.
func (e *Executor) claim(path string) (*slot, error) {
	s, err := claimSlot(path)
	if s == nil || err != nil {
		return nil, err
	}
	if left, dead := s.left(); dead {
		if left.Keep {
			_, err = e.bury(s, left)
			return nil, err
		}
		if _, err := e.clear(s, left); err != nil {
			s.release()
			return nil, err
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil || len(entries) > 0 {
		s.release()
		return nil, err
	}
	return s, nil
}

// workspaceName is NAME of work/NAME/NAME for a repository owner/NAME.
func workspaceName(repo string) string {
	name := repo[strings.LastIndexByte(repo, '/')+1:]
	switch name {
	case "", ".", "..":
		return "workspace"
	case "_temp": // the place's own
		return "_temp_"
	}
	return strings.ReplaceAll(name, "\x00", "")
}

// open makes a place of a locked slot.
func (e *Executor) open(ctx context.Context, s *slot, spec executor.Spec) (*Place, error) {
	p := &Place{
		host: e, slot: s, job: spec.Job, mark: newMark(e.outer), keep: spec.Keep,
		layout: s.layout(), commands: map[int]*process{}, done: make(chan struct{}),
	}
	p.layout.ToolCache, p.layout.Actions = e.options.ToolCache, e.options.Actions
	st := state{
		Mark: p.mark.String(), Keep: spec.Keep, PID: os.Getpid(),
		Job: spec.Job, Labels: spec.Labels, Since: time.Now().UTC(),
	}
	fresh := s.state == nil
	if s.group != nil {
		st.Group = s.group.path
	} else if e.parent != "" {
		st.Group = filepath.Join(e.parent, groupPrefix+st.Mark)
	}
	if err := s.write(st); err != nil { // before there is anything to sweep
		return nil, fmt.Errorf("make a place for %s: %w", spec.Job, err)
	}
	if s.group == nil && st.Group != "" {
		s.group = newGroup(st.Group)
	}
	if fresh {
		if err := s.furnish(); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fault.New(fault.Conflict, "the host executor is closed")
	}
	e.places[p] = struct{}{}
	if e.reaper == nil {
		e.reaper = time.AfterFunc(reapEvery, e.reapOrphans)
	}
	return p, nil
}

// dismiss takes back the slot of a place whose processes have ended.
func (e *Executor) dismiss(s *slot, keep bool) error {
	if keep {
		return s.keep()
	}
	fresh, err := s.recycle()
	if err != nil {
		s.release() // the next sweep tries again
		return err
	}
	e.mu.Lock()
	fresh = fresh && !e.closed
	if fresh {
		e.spare = append(e.spare, s)
	}
	e.mu.Unlock()
	if fresh {
		return nil
	}
	return s.remove()
}

func (e *Executor) forget(p *Place) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.places, p)
	if len(e.places) == 0 && e.reaper != nil {
		e.reaper.Stop()
		e.reaper = nil
	}
}

// reapOrphans takes the statuses of jobs' orphans that have died.
func (e *Executor) reapOrphans() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reaper == nil {
		return
	}
	e.reaper.Reset(reapEvery)
	forking.Lock() // a command is not known as ours until its fork has returned
	defer forking.Unlock()
	pids, err := e.orphans.list()
	if err != nil {
		return // whoever closes the place will see it
	}
	own, err := unix.Getsid(0)
	if err != nil {
		return
	}
	for _, pid := range pids {
		for p := range e.places {
			if !p.started(pid) && isOwned(pid, own, p.mark.covers, false) {
				reapOrphan(pid)
			}
		}
	}
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
	spare := e.spare
	e.spare = nil
	e.mu.Unlock()

	var err error
	for _, p := range open {
		err = errors.Join(err, p.Close(context.Background()))
	}
	for _, s := range spare {
		err = errors.Join(err, s.remove())
	}
	return errors.Join(err, e.orphans.close(), e.null.Close())
}
