package sandbox

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// Limits are what a job may use of the machine. They need control groups that
// this process may write, of version 1 or 2; where there are none, Prepare
// fails with fault.Missing. The zero value needs none: then only the number of
// processes is limited, where the kernel can do that for a namespace.
type Limits struct {
	Memory    int64   // bytes; 0: all
	CPU       float64 // processors; 0: all
	Processes int     // with threads; 0: DefaultProcesses where it costs nothing
}

// DefaultProcesses is far more than a build needs, and less than a machine has.
const DefaultProcesses = 16384

// numbers limits the process numbers. It does not count, so it is a little more.
func (l Limits) numbers() int {
	if l.Processes > 0 {
		return max(2*l.Processes, 1024) // the group counts
	}
	return DefaultProcesses
}

// group is the control groups of one sandbox. A nil *group is none.
type group struct {
	folders []string
}

// groupPrefix starts the names of our groups: groupPrefix + hash of the root + "-" + slot.
const groupPrefix = "slipway-sandbox-"

func groupName(root string) string {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(root)) // never fails
	return fmt.Sprintf("%s%016x-", groupPrefix, hash.Sum64())
}

// newGroup makes the groups for a slot; nil without limits.
func newGroup(slot string, l Limits) (*group, error) {
	if l == (Limits{}) {
		return nil, nil
	}
	name := groupName(filepath.Dir(slot)) + filepath.Base(slot)
	g := &group{}
	for _, c := range []struct {
		name   string
		wanted bool
		v1, v2 []setting
	}{
		{"memory", l.Memory > 0, []setting{{"memory.limit_in_bytes", strconv.FormatInt(l.Memory, 10)}}, []setting{{"memory.max", strconv.FormatInt(l.Memory, 10)}}},
		{"cpu", l.CPU > 0, []setting{{"cpu.cfs_period_us", "100000"}, {"cpu.cfs_quota_us", strconv.Itoa(int(l.CPU * 100000))}}, []setting{{"cpu.max", strconv.Itoa(int(l.CPU*100000)) + " 100000"}}},
		{"pids", l.Processes > 0, []setting{{"pids.max", strconv.Itoa(l.Processes)}}, []setting{{"pids.max", strconv.Itoa(l.Processes)}}},
	} {
		if !c.wanted {
			continue
		}
		if err := g.add(controller{name: c.name, v1: c.v1, v2: c.v2}, name); err != nil {
			return nil, errors.Join(err, g.remove())
		}
	}
	return g, nil
}

// setting is a file of a group and what to write there.
type setting struct{ file, value string }

type controller struct {
	name   string
	v1, v2 []setting
}

// add makes the group for one controller.
func (g *group) add(c controller, name string) error {
	err := error(fault.New(fault.NotFound, "this process is in no control group that has the controller"))
	for _, parent := range groupParents(c.name) {
		folder := filepath.Join(parent.path, name)
		settings := c.v1
		if parent.unified {
			settings = c.v2
		}
		if err = unix.Mkdir(folder, 0o755); err != nil && err != unix.EEXIST {
			continue
		}
		if !contains(g.folders, folder) {
			g.folders = append(g.folders, folder)
		}
		if err = apply(folder, settings); err == nil {
			return nil
		}
	}
	return fault.New(fault.Missing, "no limit of %s here: control groups can't be written: %w", c.name, err)
}

func contains(list []string, item string) bool {
	for _, other := range list {
		if other == item {
			return true
		}
	}
	return false
}

func apply(folder string, settings []setting) error {
	for _, s := range settings {
		if err := os.WriteFile(filepath.Join(folder, s.file), []byte(s.value), 0); err != nil {
			return err
		}
	}
	return nil
}

// parent is a group in which ours can be made.
type parent struct {
	path    string
	unified bool // version 2
}

// groupParents are where a group with the controller may be made: in the group
// of this process (version 1), or in the nearest above it that hands the
// controller down (version 2, which has no processes beside groups).
func groupParents(controller string) []parent {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil
	}
	var parents []parent
	for line := range strings.Lines(string(own)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(fields) != 3 {
			continue
		}
		if contains(strings.Split(fields[1], ","), controller) {
			parents = append(parents, parent{path: filepath.Join("/sys/fs/cgroup", controller, fields[2])})
		}
		var st unix.Statfs_t
		if fields[1] != "" || unix.Statfs("/sys/fs/cgroup", &st) != nil || st.Type != unix.CGROUP2_SUPER_MAGIC {
			continue
		}
		for path := fields[2]; ; path = filepath.Dir(path) {
			folder := filepath.Join("/sys/fs/cgroup", path)
			down, err := os.ReadFile(folder + "/cgroup.subtree_control")
			if err == nil && contains(strings.Fields(string(down)), controller) {
				parents = append(parents, parent{folder, true})
			}
			if path == "/" || path == "." {
				break
			}
		}
	}
	return parents
}

// join puts the process into the groups, with all that it starts from then on.
func (g *group) join(pid int) error {
	if g == nil {
		return nil
	}
	for _, folder := range g.folders {
		if err := os.WriteFile(folder+"/cgroup.procs", []byte(strconv.Itoa(pid)), 0); err != nil {
			return fault.New(fault.Missing, "no limits here: cannot put the job into its control group: %w", err)
		}
	}
	return nil
}

// remove removes the groups, when their processes have ended.
func (g *group) remove() error {
	if g == nil {
		return nil
	}
	var failed error
	for _, folder := range g.folders {
		deadline := time.Now().Add(endLimit)
		err := unix.Rmdir(folder)
		for err == unix.EBUSY && time.Now().Before(deadline) { // the kernel is still taking the dead out
			time.Sleep(100 * time.Microsecond)
			err = unix.Rmdir(folder)
		}
		if err != nil && err != unix.ENOENT {
			failed = errors.Join(failed, fmt.Errorf("remove control group %s: %w", folder, err))
		}
	}
	return failed
}

// sweepGroups removes the empty groups of dead sandboxes under root. Those of
// living ones are not empty, but for a moment; see Place.open.
func sweepGroups(root string) (int, error) {
	removed := 0
	var failed error
	for _, controller := range []string{"memory", "cpu", "pids"} {
		for _, parent := range groupParents(controller) {
			for _, name := range names(parent.path) {
				slot, ours := strings.CutPrefix(name, groupName(root))
				if !ours {
					continue
				}
				if _, err := os.Lstat(filepath.Join(root, slot)); !errors.Is(err, fs.ErrNotExist) {
					continue
				}
				err := unix.Rmdir(filepath.Join(parent.path, name))
				if err == nil {
					removed++
				} else if err != unix.ENOENT && err != unix.EBUSY {
					failed = errors.Join(failed, err)
				}
			}
		}
	}
	return removed, failed
}
