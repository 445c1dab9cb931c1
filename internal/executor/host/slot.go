package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// A slot is a folder of the root that serves one place after another:
//
//	ROOT/1/place.json           who uses it, and how to know his processes
//	ROOT/1/work/NAME/NAME       the workspace
//	ROOT/1/work/_temp           RUNNER_TEMP
//	ROOT/1/home                 ours
//
// The folder itself carries the lock: it is held exactly while the owner's
// process lives, so a folder that has a place.json and a free lock is a dead
// process's. Names are stable, as a self-hosted runner's are, so that build
// caches keyed by path hit again; and making folders is what costs most in a
// place (0.1 ms each on ext4), so a slot goes from place to place, emptied.
type slot struct {
	path  string
	repo  string   // NAME
	dir   int      // the open folder; the lock is on it
	state *os.File // place.json
	wrote int      // bytes of it in use
	group *group
}

const stateName = "place.json"

// keepPrefix starts the names of slots whose folders stay.
const keepPrefix = "keep-"

// state is place.json: what a sweep must know, and what a person may want to.
type state struct {
	Mark   string            `json:"mark"`
	Group  string            `json:"group,omitempty"` // path of the control group
	Keep   bool              `json:"keep,omitempty"`
	PID    int               `json:"pid"`
	Job    string            `json:"job"`
	Labels map[string]string `json:"labels,omitempty"`
	Since  time.Time         `json:"since"`
}

// errGone says that a slot's folder was removed by whoever held its lock.
var errGone = errors.New("slot is gone")

// lockSlot opens the folder path and takes its lock: nil, nil when another
// process (or another place of this one) has it.
func lockSlot(path string) (*slot, error) {
	dir, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		if err == unix.ENOENT {
			return nil, errGone
		}
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	s := &slot{path: path, dir: dir}
	if err := unix.Flock(dir, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		s.release()
		if err == unix.EWOULDBLOCK {
			return nil, nil
		}
		return nil, fault.New(fault.Missing, "cannot lock %s: %w. Choose a state folder on a file system that has locks", path, err)
	}
	if !s.inPlace() {
		s.release()
		return nil, errGone
	}
	return s, nil
}

// inPlace reports that the slot's path still leads to its folder. Once it does
// not (a job removed it), another process may have made a new one there.
func (s *slot) inPlace() bool {
	var locked, there unix.Stat_t
	return unix.Fstat(s.dir, &locked) == nil && unix.Lstat(s.path, &there) == nil &&
		locked.Ino == there.Ino && locked.Dev == there.Dev
}

// claimSlot makes the folder path if need be and takes its lock; nil, nil when
// it is in use.
func claimSlot(path string) (*slot, error) {
	for {
		if err := unix.Mkdir(path, 0o755); err != nil && err != unix.EEXIST {
			return nil, fmt.Errorf("make %s: %w", path, err)
		}
		if s, err := lockSlot(path); err != errGone {
			return s, err
		}
	}
}

// release gives up the lock and leaves the folder as it is.
func (s *slot) release() {
	_ = unix.Close(s.dir)
	if s.state != nil {
		_ = s.state.Close()
	}
	if s.group != nil {
		_ = s.group.dir.Close()
	}
}

// left reads what a dead owner left in a locked slot; false when it has no
// place.json. A file that can't be read as one gives the zero state.
func (s *slot) left() (state, bool) {
	data, err := os.ReadFile(s.statePath())
	if errors.Is(err, fs.ErrNotExist) {
		return state{}, false
	}
	var st state
	if err != nil || json.Unmarshal(data, &st) != nil {
		return state{}, true
	}
	return st, true
}

func (s *slot) statePath() string { return filepath.Join(s.path, stateName) }

// write tells in place.json whose the slot is now. It is one write to a file
// that stays, so a reader sees the old or the new.
func (s *slot) write(st state) error {
	data, err := json.Marshal(st)
	if err != nil {
		return err
	}
	if s.state == nil {
		if s.state, err = os.OpenFile(s.statePath(), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
			return err
		}
	}
	used := len(data)
	for len(data) < s.wrote {
		data = append(data, ' ')
	}
	s.wrote = used
	_, err = s.state.WriteAt(data, 0)
	return err
}

// layout is the slot's folders.
func (s *slot) layout() executor.Layout {
	return executor.Layout{
		Workspace: filepath.Join(s.path, "work", s.repo, s.repo),
		Temp:      filepath.Join(s.path, "work", "_temp"),
		Home:      filepath.Join(s.path, "home"),
	}
}

// folders are all folders of the slot's layout, outermost first.
func (s *slot) folders() []string {
	l, work := s.layout(), filepath.Join(s.path, "work")
	return []string{work, filepath.Join(work, s.repo), l.Workspace, l.Temp, l.Home}
}

// furnish makes the folders of the layout.
func (s *slot) furnish() error {
	for _, folder := range s.folders() {
		if err := unix.Mkdir(folder, 0o755); err != nil {
			return fmt.Errorf("make %s: %w", folder, err)
		}
		if err := unix.Chmod(folder, 0o755); err != nil { // whatever the umask
			return fmt.Errorf("make %s: %w", folder, err)
		}
	}
	return nil
}

// rename gives the workspace of an empty slot another name.
func (s *slot) rename(repo string) error {
	if repo == s.repo {
		return nil
	}
	work := filepath.Join(s.path, "work")
	err := unix.Rename(filepath.Join(work, s.repo, s.repo), filepath.Join(work, s.repo, repo))
	if err == nil {
		err = unix.Rename(filepath.Join(work, s.repo), filepath.Join(work, repo))
	}
	if err != nil {
		return fmt.Errorf("rename the workspace in %s: %w", s.path, err)
	}
	s.repo = repo
	return nil
}

// recycle empties the slot for another place and reports whether it is as new:
// not when the job changed the folders themselves.
func (s *slot) recycle() (bool, error) {
	keep := tree{
		stateName: nil,
		"home":    {plainFiles: nil},
		"work":    {"_temp": {}, s.repo: {s.repo: {}}},
	}
	if err := removeBelow(s.dir, s.path, keep); err != nil {
		return false, err
	}
	if s.group != nil && s.group.killed {
		if err := s.removeGroup(); err != nil {
			return false, err
		}
	}
	var st unix.Stat_t
	if unix.Fstat(int(s.state.Fd()), &st) != nil || st.Nlink != 1 || !s.inPlace() || unix.Fstat(s.dir, &st) != nil {
		return false, nil
	}
	owner := st
	for _, folder := range s.folders() {
		if unix.Lstat(folder, &st) != nil || st.Mode != unix.S_IFDIR|0o755 || st.Uid != owner.Uid || st.Gid != owner.Gid {
			return false, nil
		}
		if st.Size > 1<<16 || hasACL(folder) { // a folder that once held much stays big, and slow to read
			return false, nil
		}
	}
	return true, nil
}

// hasACL reports whether a folder's access is more than its mode says.
func hasACL(folder string) bool {
	n, err := unix.Llistxattr(folder, nil)
	if n == 0 || err != nil {
		return false
	}
	names := make([]byte, n+256)
	n, err = unix.Llistxattr(folder, names)
	return err != nil || strings.Contains(string(names[:n]), "system.posix_acl")
}

// remove removes the slot, its folder, its group, and its lock with them.
// When it can't, all that a later sweep needs to try again stays.
func (s *slot) remove() error {
	defer s.release()
	if err := removeBelow(s.dir, s.path, tree{stateName: nil}); err != nil {
		return err
	}
	if err := s.removeGroup(); err != nil {
		return err
	}
	if err := s.unlinkState(); err != nil || !s.inPlace() {
		return err
	}
	err := unix.Rmdir(s.path)
	for err == unix.EBUSY && unix.Unmount(s.path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) == nil {
		err = unix.Rmdir(s.path)
	}
	if err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove %s: %w", s.path, err)
	}
	return nil
}

// keep leaves the folders to whoever asked for them: nothing of ours remains.
func (s *slot) keep() error {
	defer s.release()
	return errors.Join(s.removeGroup(), s.unlinkState())
}

func (s *slot) unlinkState() error {
	if err := (entry{s.dir, stateName, s.statePath()}).unlink(0); err != nil {
		return fmt.Errorf("remove %s: %w", s.statePath(), err)
	}
	return nil
}

func (s *slot) removeGroup() error {
	err := s.group.remove()
	s.group = nil
	return err
}
