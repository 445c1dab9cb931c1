package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// group is a control group (version 2) of one slot: commands are born inside
// it, and the kernel kills all its members at once, faster than they can fork.
// The marks do without it; it makes the end of a fork bomb certain and quick.
// A nil *group is none.
type group struct {
	path   string
	dir    *os.File // given to clone3
	killed bool     // cgroup.kill was used: newer kernels (seen on 6.18) then kill whatever is born into it, too
}

// groupPrefix names our groups, so that a sweep removes no other.
const groupPrefix = "slipway-"

// groupParent is the folder of the control group this process is in, or "" on
// a machine without version 2.
func groupParent() string {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(own), "\n") {
		path, ok := strings.CutPrefix(line, "0::")
		if !ok {
			continue
		}
		for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
			var st unix.Statfs_t
			if unix.Statfs(mount, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
				return filepath.Join(mount, path)
			}
		}
	}
	return ""
}

// newGroup makes the group path, or returns nil where this process may not.
func newGroup(path string) *group {
	if os.Mkdir(path, 0o755) != nil {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		_ = os.Remove(path)
		return nil
	}
	return &group{path: path, dir: dir}
}

// openGroup is the group a dead process of ours left at path; nil if it is
// gone or is no group of ours.
func openGroup(path string) *group {
	var st unix.Statfs_t
	if !strings.HasPrefix(filepath.Base(path), groupPrefix) || unix.Statfs(path, &st) != nil || st.Type != unix.CGROUP2_SUPER_MAGIC {
		return nil
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil
	}
	return &group{path: path, dir: dir}
}

// populated reports that a living process is in the group or in one below it,
// or that this can't be told.
func (g *group) populated() bool {
	if g == nil {
		return false
	}
	// Asked after every step: package os would first ask in vain whether the file can be polled.
	fd, err := unix.Open(g.path+"/cgroup.events", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return false // a job removed it, which it can only when it is empty
	}
	if err != nil {
		return true
	}
	defer unix.Close(fd)
	var events [64]byte
	n, err := unix.Read(fd, events[:])
	return err != nil || !bytes.HasPrefix(events[:n], []byte("populated 0"))
}

// kill ends all members. Before Linux 5.14 it kills those it sees: call it
// until the group is empty.
func (g *group) kill() error {
	if !g.populated() {
		return nil
	}
	g.killed = true
	if kill, err := os.OpenFile(g.path+"/cgroup.kill", os.O_WRONLY, 0); err == nil {
		_, err = kill.WriteString("1")
		return errors.Join(err, kill.Close())
	}
	pids, err := g.members()
	for _, pid := range pids {
		if e := unix.Kill(pid, unix.SIGKILL); e != nil && e != unix.ESRCH {
			err = fmt.Errorf("kill %d: %w", pid, e)
		}
	}
	return err
}

// members are the living processes of the group and those below it.
func (g *group) members() ([]int, error) {
	if g == nil {
		return nil, nil
	}
	var pids []int
	err := filepath.WalkDir(g.path, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.Name() != "cgroup.procs" {
			return err
		}
		data, err := os.ReadFile(path)
		for field := range bytes.FieldsSeq(data) {
			if pid, err := strconv.Atoi(string(field)); err == nil && pid > 0 {
				pids = append(pids, pid)
			}
		}
		if errors.Is(err, unix.ENODEV) || errors.Is(err, unix.EOPNOTSUPP) {
			return nil // being removed, or a threaded group: its processes are listed above it
		}
		return err
	})
	return pids, err
}

// remove removes the group, which must be empty, with those a job made below it.
func (g *group) remove() error {
	if g == nil {
		return nil
	}
	return errors.Join(g.dir.Close(), removeGroups(g.path))
}

func removeGroups(path string) error {
	err := unix.Rmdir(path)
	if !errors.Is(err, unix.EBUSY) {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	entries, err := os.ReadDir(path)
	for _, entry := range entries {
		if entry.IsDir() {
			err = errors.Join(err, removeGroups(filepath.Join(path, entry.Name())))
		}
	}
	return errors.Join(err, unix.Rmdir(path))
}
