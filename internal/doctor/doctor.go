package doctor

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/executor/host"
)

// Options say where to look.
type Options struct {
	Environ   []string      // "K=V", as os.Environ
	State     string        // folder under which jobs' folders will be
	ToolCache string        // RUNNER_TOOL_CACHE of jobs
	Limit     time.Duration // for each question to a program or a socket; 0: 3 s
}

// Facts are what was found. Their JSON form is part of the interface.
type Facts struct {
	System     System     `json:"system"`
	Git        Program    `json:"git"`
	Bash       Program    `json:"bash"`
	Node       []Program  `json:"node"` // those of PATH first, then the tool cache's
	Python     Python     `json:"python"`
	Docker     Docker     `json:"docker"`
	Processes  Processes  `json:"processes"`
	Namespaces Namespaces `json:"namespaces"`
	Disk       Disk       `json:"disk"`
	ToolCache  ToolCache  `json:"toolCache"`
}

// System is the machine, and who jobs run as on it.
type System struct {
	Name      string `json:"name"` // "Debian GNU/Linux 12 (bookworm)"
	Kernel    string `json:"kernel"`
	Arch      string `json:"arch"` // as runtime.GOARCH
	CPUs      int    `json:"cpus"`
	Memory    uint64 `json:"memory"` // bytes
	User      string `json:"user"`
	UID       int    `json:"uid"`
	Container bool   `json:"container"` // this process runs in a container
}

// Program is a program and its version.
type Program struct {
	Path    string `json:"path,omitempty"`    // "": not found
	Version string `json:"version,omitempty"` // "": see Problem
	Problem string `json:"problem,omitempty"`
}

// Python is python3.
type Python struct {
	Program
	Managed bool `json:"externallyManaged"` // pip refuses to install outside a virtual environment (PEP 668)
	Venv    bool `json:"venv"`              // `python3 -m venv` works
}

// Docker is the Docker Engine.
type Docker struct {
	Address   string `json:"address"`
	Reachable bool   `json:"reachable"`
	Version   string `json:"version,omitempty"`
	API       string `json:"api,omitempty"`
	Problem   string `json:"problem,omitempty"` // why it is not reachable
}

// Processes is how what a job started will be known at its end.
type Processes struct {
	Group      string   `json:"group"`      // control group (v2) in which jobs get theirs; "": none
	GroupsV1   []string `json:"groupsV1"`   // version 1 hierarchies this process may write to
	Subreaper  bool     `json:"subreaper"`  // orphans of jobs come to us
	LimitMarks bool     `json:"limitMarks"` // the mark that can't be shaken off can be set
}

// Namespaces are the kinds this user may make.
type Namespaces struct {
	User    Possible `json:"user"`
	Mount   Possible `json:"mount"`
	PID     Possible `json:"pid"`
	Overlay Possible `json:"overlay"` // an overlay mount in a mount namespace
}

// Possible is whether something can be done, and why not.
type Possible struct {
	Yes     bool   `json:"possible"`
	Problem string `json:"problem,omitempty"`
}

// Disk is the file system of Options.State.
type Disk struct {
	Path    string `json:"path"`
	Free    uint64 `json:"free"` // bytes this user may still use
	Type    string `json:"type"` // "ext4", or a number in hexadecimal
	Problem string `json:"problem,omitempty"`
}

// ToolCache is what setup actions have put into the tool cache.
type ToolCache struct {
	Path  string   `json:"path"`
	Tools []string `json:"tools"` // "node 20.11.0"
}

// Examine looks at everything at once. What can't be found out is a fact too:
// there is no error.
func Examine(ctx context.Context, o Options) Facts {
	if o.Limit == 0 {
		o.Limit = 3 * time.Second
	}
	var f Facts
	var wg sync.WaitGroup
	for _, look := range []func(){
		func() { f.System = system() },
		func() { f.Git = o.git(ctx) },
		func() { f.Bash = o.bash(ctx) },
		func() { f.Node = o.nodes(ctx) },
		func() { f.Python = o.python(ctx) },
		func() { f.Docker = o.docker(ctx) },
		func() { f.Processes = processes() },
		func() { f.Namespaces = o.namespaces(ctx) },
		func() { f.Disk = disk(o.State) },
		func() { f.ToolCache = toolCache(o.ToolCache) },
	} {
		wg.Go(look)
	}
	wg.Wait()
	return f
}

func (o Options) getenv(name string) string {
	for _, entry := range o.Environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func system() System {
	s := System{Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), UID: os.Getuid(), Name: runtime.GOOS}
	if data, err := os.ReadFile("/etc/os-release"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
				s.Name = strings.Trim(strings.TrimSpace(name), `"'`)
			}
		}
	}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		s.Kernel = unix.ByteSliceToString(name.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		s.Memory = uint64(info.Totalram) * uint64(info.Unit)
	}
	if u, err := user.Current(); err == nil {
		s.User = u.Username
	}
	for _, sign := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Stat(sign); err == nil {
			s.Container = true
		}
	}
	return s
}

func processes() Processes {
	probe := host.Examine()
	return Processes{Group: probe.Group, GroupsV1: writableV1(), Subreaper: probe.Subreaper, LimitMarks: probe.LimitMarks}
}

// writableV1 lists the control group hierarchies of version 1 that this process may write to.
func writableV1() []string {
	data, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil
	}
	found := []string{}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[2] == "cgroup" && unix.Access(fields[1], unix.W_OK) == nil {
			found = append(found, filepath.Base(fields[1]))
		}
	}
	return found
}

// fileSystems are the magic numbers of file systems whose name says something.
var fileSystems = map[uint64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.TMPFS_MAGIC: "tmpfs",
	unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.NFS_SUPER_MAGIC: "nfs", 0x2fc12fc1: "zfs", unix.FUSE_SUPER_MAGIC: "fuse", 0x01021997: "9p",
}

// disk looks at the file system of the folder path, or of the nearest one above that exists.
func disk(path string) Disk {
	d := Disk{Path: path}
	for at := path; ; at = filepath.Dir(at) {
		var st unix.Statfs_t
		err := unix.Statfs(at, &st)
		if err == unix.ENOENT && at != filepath.Dir(at) {
			continue
		}
		if err != nil {
			d.Problem = err.Error()
			return d
		}
		d.Free = st.Bavail * uint64(st.Bsize)
		if d.Type = fileSystems[uint64(st.Type)]; d.Type == "" {
			d.Type = fmt.Sprintf("%#x", uint64(st.Type))
		}
		if unix.Access(at, unix.W_OK) != nil {
			d.Problem = at + " is not writable"
		}
		return d
	}
}

// toolCache lists TOOL/VERSION/ARCH.complete, as @actions/tool-cache marks what it has unpacked.
func toolCache(path string) ToolCache {
	c := ToolCache{Path: path, Tools: []string{}}
	complete, err := filepath.Glob(filepath.Join(path, "*", "*", "*.complete"))
	if err != nil {
		return c
	}
	for _, file := range complete {
		version := filepath.Dir(file)
		c.Tools = append(c.Tools, filepath.Base(filepath.Dir(version))+" "+filepath.Base(version))
	}
	return c
}
