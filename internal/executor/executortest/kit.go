package executortest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slipway/internal/executor"
)

// patience is how long a condition is waited for before the test fails.
const patience = 30 * time.Second

// kit is what each test of the suite works with.
type kit struct {
	*testing.T
	factory Factory
	root    string
	ex      executor.Executor
	shared  []string // folders that outlive places, seen in them
	jobs    atomic.Int32
	tokens  atomic.Int32
}

// begin makes an executor on a new root, and checks in the end that nothing
// of it is left anywhere.
func begin(t *testing.T, f Factory) *kit {
	k := &kit{T: t, factory: f, root: filepath.Join(t.TempDir(), "state")}
	k.ex = k.executor()
	t.Cleanup(func() {
		if err := k.ex.Close(); err != nil {
			t.Errorf("close the executor: %v", err)
		}
		k.checkNothingLeft()
	})
	return k
}

// executor is one more executor on the kit's root.
func (k *kit) executor() executor.Executor {
	k.Helper()
	ex, err := k.factory.New(k.root)
	if err != nil {
		k.Fatalf("new executor: %v", err)
	}
	return ex
}

func (k *kit) checkNothingLeft() {
	for _, pid := range k.find(k.family()) {
		k.Errorf("left behind: process %d: %s", pid, cmdline(pid))
	}
	for _, mount := range mountsBelow(k.root) {
		k.Errorf("left behind: mount %s", mount)
	}
	for pid, stat := range zombies(k.T) {
		k.Errorf("left behind: nobody waited for process %d: %s", pid, stat)
	}
	k.checkFolders()
	if k.factory.Left != nil {
		left, err := k.factory.Left()
		if err != nil {
			k.Errorf("look for what is left: %v", err)
		}
		for _, what := range left {
			k.Errorf("left behind: %s", what)
		}
	}
}

// checkFolders checks that there is nothing under root but the shared folders.
func (k *kit) checkFolders() {
	err := filepath.WalkDir(k.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(k.shared, path) {
			return filepath.SkipDir
		}
		if path != k.root {
			k.Errorf("left behind: %s", path)
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		k.Errorf("look for folders left: %v", err)
	}
}

// spec is a place's specification, with a job name not used before.
func (k *kit) spec() executor.Spec {
	spec := k.factory.Spec
	spec.Job = fmt.Sprintf("job-%d-%d", os.Getpid(), k.jobs.Add(1))
	spec.Repo = "octo-org/hello.world"
	return spec
}

// place is a new place; it is closed with the test if not before.
func (k *kit) place() executor.Place {
	k.Helper()
	return k.prepare(k.spec())
}

func (k *kit) prepare(spec executor.Spec) executor.Place {
	k.Helper()
	p, err := k.ex.Prepare(k.Context(), spec)
	if err != nil {
		k.Fatalf("prepare: %v", err)
	}
	k.shared = []string{p.Dirs().Host.ToolCache, p.Dirs().Host.Actions}
	return p
}

func (k *kit) close(p executor.Place) {
	k.Helper()
	if err := p.Close(context.Background()); err != nil {
		k.Errorf("close the place: %v", err)
	}
}

// env is the place's environment as a command takes it.
func env(p executor.Place) []string {
	var entries []string
	for name, value := range p.Env() {
		entries = append(entries, name+"="+value)
	}
	slices.Sort(entries)
	return entries
}

// shell is `sh -c script` with args as $1…
func shell(p executor.Place, script string, args ...string) executor.Command {
	return executor.Command{Args: append([]string{"sh", "-c", script, "sh"}, args...), Env: env(p)}
}

// started is a command whose output comes through a pipe.
type started struct {
	executor.Process
	output *bufio.Reader
	pipe   *os.File
}

// start starts cmd with a pipe for its output.
func (k *kit) start(p executor.Place, cmd executor.Command) started {
	k.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		k.Fatal(err)
	}
	k.Cleanup(func() { read.Close() })
	cmd.Output = write
	process, err := p.Start(k.Context(), cmd)
	write.Close()
	if err != nil {
		k.Fatalf("start %q: %v", cmd.Args, err)
	}
	return started{process, bufio.NewReader(read), read}
}

// line reads one line of output.
func (k *kit) line(s started) string {
	k.Helper()
	if err := s.pipe.SetReadDeadline(time.Now().Add(patience)); err != nil {
		k.Fatal(err)
	}
	line, err := s.output.ReadString('\n')
	if err != nil {
		k.Fatalf("read a line: %v after %q", err, line)
	}
	return strings.TrimSuffix(line, "\n")
}

// finish reads the rest of the output and waits.
func (k *kit) finish(s started) (executor.Status, string) {
	k.Helper()
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(s.output); err != nil {
		k.Fatalf("read output: %v", err)
	}
	return k.wait(s), rest.String()
}

func (k *kit) wait(s started) executor.Status {
	k.Helper()
	status, err := s.Wait()
	if err != nil {
		k.Fatalf("wait: %v", err)
	}
	return status
}

// output runs a script that must succeed and returns what it printed.
func (k *kit) output(p executor.Place, script string, args ...string) string {
	k.Helper()
	status, output := k.finish(k.start(p, shell(p, script, args...)))
	if status != (executor.Status{CPU: status.CPU}) {
		k.Fatalf("script %q ended with %+v after %q", script, status, output)
	}
	return output
}

// family is the digits that all tokens of this test share: an hour, and a
// fraction that holds the process and the test.
func (k *kit) family() string {
	digest := fnv.New32a()
	digest.Write([]byte(k.root))
	return fmt.Sprintf("3600.%07d%010d", os.Getpid(), digest.Sum32())
}

// token is an argument for sleep that no other process has; processes are
// found again by it.
func (k *kit) token() string { return fmt.Sprintf("%s%04d", k.family(), k.tokens.Add(1)) }

// eventually polls until condition holds.
func (k *kit) eventually(what string, condition func() bool) {
	k.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			k.Fatalf("after %s still not so: %s", patience, what)
		}
	}
}

// alive waits until n processes carry the token.
func (k *kit) alive(token string, n int) {
	k.Helper()
	k.eventually(fmt.Sprintf("%d processes sleep for %s", n, token), func() bool { return len(k.find(token)) >= n })
}

// gone checks that no process carries the token.
func (k *kit) gone(token string) {
	k.Helper()
	for _, pid := range k.find(token) {
		k.Errorf("still there: process %d: %s", pid, cmdline(pid))
	}
}

// find lists the living processes of this machine with token in their arguments.
func (k *kit) find(token string) []int {
	k.Helper()
	if k.factory.Lacks.Processes {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		k.Fatal(err)
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && pid != os.Getpid() && strings.Contains(cmdline(pid), token) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// cmdline is the arguments of a process; "" for a zombie or a stranger.
func cmdline(pid int) string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil {
		return ""
	}
	return string(bytes.ReplaceAll(data, []byte{0}, []byte{' '}))
}

// zombies lists dead children of this process that nobody has waited for.
func zombies(t testing.TB) map[int]string {
	t.Helper()
	found := map[int]string{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " ")
		if strings.HasPrefix(rest, "Z "+strconv.Itoa(os.Getpid())+" ") {
			found[pid] = string(stat)
		}
	}
	return found
}

func mountsBelow(root string) []string {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	var mounts []string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 4 && strings.HasPrefix(fields[4], root+"/") {
			mounts = append(mounts, fields[4])
		}
	}
	return mounts
}

// sorted is the sorted names of a folder.
func (k *kit) sorted(dir string) []string {
	k.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		k.Fatal(err)
	}
	names := map[string]bool{}
	for _, entry := range entries {
		names[entry.Name()] = true
	}
	return slices.Sorted(maps.Keys(names))
}
