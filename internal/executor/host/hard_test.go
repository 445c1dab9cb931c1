package host

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"slipway/internal/executor/executortest"
	"slipway/internal/fault"
)

// eventually polls until condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !condition(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("still not so: %s", what)
		}
	}
}

// Without /proc/PID/task/TID/children, or without being a subreaper, all must hold.
func TestConformanceBlind(t *testing.T) {
	executortest.Run(t, blind)
}

func TestGroupThatTakesNoCommands(t *testing.T) {
	e := newExecutor(t, Options{})
	p := place(t, e)
	if p.slot.group == nil {
		t.Skip("skipped: this process may make no control group")
	}
	if err := unix.Rmdir(p.slot.group.path); err != nil {
		t.Fatal(err)
	}
	if got := output(t, p, `echo "$0"`); got != "sh\n" {
		t.Errorf("printed %q", got)
	}
	output(t, p, `setsid sleep 3600 >/dev/null 2>&1 &`)
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if n := p.Processes(); n != 0 {
		t.Errorf("%d processes are left", n)
	}
}

func TestDeadOrphansAreReapedWhileTheJobRuns(t *testing.T) {
	p := place(t, newExecutor(t, Options{}))
	output(t, p, `i=0; while [ $i -lt 20 ]; do (setsid true &); i=$((i+1)); done`)
	eventually(t, "no dead orphans", func() bool {
		members, err := p.members()
		return err == nil && len(members) == 0
	})
}

func TestKillReachesDescendantsInOtherSessions(t *testing.T) {
	p := place(t, newExecutor(t, Options{}))
	c := start(t, p, `setsid sleep 3600 & setsid sh -c 'sleep 3600; :' & wait`)
	eventually(t, "four processes", func() bool { return p.Processes() == 4 })
	if err := c.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if status, err := c.Wait(); err != nil || status.Signal != syscall.SIGKILL {
		t.Errorf("%+v, %v", status, err)
	}
	eventually(t, "none", func() bool { return p.Processes() == 0 })
}

func TestWorkspaceName(t *testing.T) {
	for repo, want := range map[string]string{
		"octo-org/hello": "hello", "hello": "hello", "": "workspace", "a/": "workspace", "a/..": "workspace", "a/.": "workspace",
		"a/.github": ".github", "a/_temp": "_temp_", "a/b/c": "c",
	} {
		if got := workspaceName(repo); got != want {
			t.Errorf("the workspace of %q is %q, not %q", repo, got, want)
		}
	}
}

func TestEnvironmentLeavesSecretsOut(t *testing.T) {
	got := Environment([]string{"PATH=/bin", "HOME=/root", "LC_ALL=C", "https_proxy=x", "AWS_SECRET_ACCESS_KEY=s", "GITHUB_TOKEN=s", "SSH_AUTH_SOCK=s",
		"PATHS=x", "GITHUB_ENV=f", "RUNNER_TEMP=t", "CI=1", "broken", "NPM_TOKEN=s", "SLIPWAY_JOB=x"})
	if want := "PATH=/bin HOME=/root LC_ALL=C https_proxy=x"; strings.Join(got, " ") != want {
		t.Errorf("jobs get %q, not %q", got, want)
	}
}

func TestBadOptions(t *testing.T) {
	if _, err := New(Options{}); fault.CodeOf(err) != fault.Usage {
		t.Errorf("without a root: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Root: file + "/below"}); fault.CodeOf(err) != fault.Forbidden {
		t.Errorf("below a file: %v", err)
	}
}

func TestForeignFoldersInTheRootAreLeftAlone(t *testing.T) {
	e := newExecutor(t, Options{})
	theirs := filepath.Join(e.options.Root, "1", "file")
	if err := os.MkdirAll(filepath.Dir(theirs), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := place(t, e)
	if _, err := e.Sweep(context.Background()); err != nil {
		t.Error(err)
	}
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
}

// A place.json that is torn, or that a job wrote, must neither stop a sweep
// nor lead it to anything that is not ours.
func TestSweepOfABadState(t *testing.T) {
	bystander := exec.Command("sleep", "3600")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer bystander.Wait()
	defer bystander.Process.Kill()
	e := newExecutor(t, Options{})
	for i, content := range []string{"", "{", "null", "[]", `{"mark":"ffffffffffffffff","group":"/sys/fs/cgroup"}`,
		`{"mark":"0","group":"/","keep":false}`, `{"group":"/sys/fs/cgroup/unified","mark":7}`, "\x00\x00"} {
		slot := filepath.Join(e.options.Root, fmt.Sprint(i+1))
		if err := os.MkdirAll(filepath.Join(slot, "work"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(slot, stateName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		swept, err := e.Sweep(context.Background())
		if err != nil || swept.Processes != 0 || swept.Folders != 1 {
			t.Errorf("%q: %+v, %v", content, swept, err)
		}
	}
	if err := unix.Kill(bystander.Process.Pid, 0); err != nil {
		t.Errorf("a bystander was killed: %v", err)
	}
}

// innerVar makes this binary an inner process: it opens a place under the
// root given, starts a daemon and a command that carry the token, says so,
// and waits for the end of its input.
const innerVar = "HOST_TEST_INNER"

func inner(root, token string) error {
	e, err := New(Options{Root: root, NoGroups: true})
	if err != nil {
		return err
	}
	p, err := e.Prepare(context.Background(), spec(1))
	if err != nil {
		return err
	}
	for _, script := range []string{`(setsid env -i "$(command -v sleep)" "$1" &)`, `exec sleep "$1"`} {
		c, err := p.Start(context.Background(), shell(p.(*Place), script, token))
		if err != nil {
			return err
		}
		if strings.HasPrefix(script, "(") {
			if _, err := c.Wait(); err != nil {
				return err
			}
		}
	}
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return e.Close()
}

// carrying counts the processes with token in their arguments.
func carrying(token string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	n := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(data), "sleep\x00"+token) {
			n++
		}
	}
	return n
}

func TestPlacesWithinAPlace(t *testing.T) {
	e := newExecutor(t, Options{NoGroups: true})
	p := place(t, e)
	var inners []*process
	var inputs []*os.File
	tokens := []string{fmt.Sprintf("3700.%d1", os.Getpid()), fmt.Sprintf("3700.%d2", os.Getpid())}
	for _, token := range tokens {
		cmd := shell(p, `exec "$@"`, "/proc/"+fmt.Sprint(os.Getpid())+"/exe")
		cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], innerVar+"="+t.TempDir()+"\n"+token)
		var outputs [2]*os.File
		for i, file := range []**os.File{&cmd.Stdin, &cmd.Output} {
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			defer write.Close()
			if *file = read; i == 0 {
				inputs = append(inputs, write)
			} else {
				*file, outputs[0], outputs[1] = write, read, write
			}
		}
		c, err := p.Start(context.Background(), cmd)
		if err != nil {
			t.Fatal(err)
		}
		outputs[1].Close()
		if line, err := bufio.NewReader(outputs[0]).ReadString('\n'); line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		inners = append(inners, c.(*process))
		eventually(t, "two sleep", func() bool { return carrying(token) == 2 })
	}
	// The first ends; the second is left alone, though both are of one place.
	inputs[0].Close()
	if status, err := inners[0].Wait(); err != nil || status.Code != 0 {
		t.Errorf("%+v, %v", status, err)
	}
	if a, b := carrying(tokens[0]), carrying(tokens[1]); a != 0 || b != 2 {
		t.Errorf("%d of the first's processes are left, and %d of the other's two", a, b)
	}
	// The outer place ends all that is within.
	if err := p.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if n := carrying(tokens[1]); n != 0 {
		t.Errorf("%d processes of an inner place outlived the outer one", n)
	}
}

func TestCommandsDieWithUs(t *testing.T) {
	token := fmt.Sprintf("3701.%d", os.Getpid())
	root := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), innerVar+"="+root+"\n"+token)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	eventually(t, "two sleep", func() bool { return carrying(token) == 2 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // "signal: killed"
	eventually(t, "the command is gone, the daemon is not", func() bool { return carrying(token) == 1 })
	e, err := New(Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if swept, err := e.Sweep(context.Background()); err != nil || swept.Processes < 1 || swept.Folders != 1 {
		t.Errorf("%+v, %v", swept, err)
	}
	if n := carrying(token); n != 0 {
		t.Errorf("%d processes outlived the sweep", n)
	}
}

// nobody is the ordinary user that tests run as when they are run by root.
const nobody = 65534

// asNobody is this test binary, to be run as an ordinary user, and a folder that is his.
func asNobody(t *testing.T, args ...string) (*exec.Cmd, string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped: needs root, to become somebody else")
	}
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && len(d) > 1; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "test")
	data, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(binary, data, 0o755)
	}
	home := filepath.Join(dir, "home")
	if err == nil {
		err = os.Mkdir(home, 0o755)
	}
	if err == nil {
		err = os.Chown(home, nobody, nobody)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir = home
	cmd.Env = append(os.Environ(), "TMPDIR="+home, "HOME="+home, groupVar+"=/no/group")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd, home
}

func TestConformanceAsAnOrdinaryUser(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: short")
	}
	cmd, _ := asNobody(t, "-test.run=^TestConformance$/^groups$")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "PASS\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// removeVar makes this binary remove what is in a folder and print the error.
const removeVar = "HOST_TEST_REMOVE"

func TestFilesOfOthers(t *testing.T) {
	cmd, home := asNobody(t)
	dir := filepath.Join(home, "slot")
	for _, file := range []string{"theirs/file", "own/file", "own/below/file"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"", "own", "own/file", "own/below", "own/below/file"} {
		if err := os.Chown(filepath.Join(dir, file), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Env = append(cmd.Env, removeVar+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{dir + "/theirs/file", "root", "uid 65534", "by hand"} {
		if !strings.Contains(string(out), word) {
			t.Errorf("%q does not say %q", out, word)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "own")); !os.IsNotExist(err) {
		t.Errorf("one bad file kept others from being removed: %v", err)
	}
}

// endVar makes this binary end the processes with a mark and print the error.
const endVar = "HOST_TEST_END"

// A process that became another user's (sudo) is still known, and named when
// it cannot be ended.
func TestProcessesOfOthers(t *testing.T) {
	cmd, _ := asNobody(t)
	m := newMark(0)
	theirs := exec.Command("sleep", "3600")
	theirs.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := m.forkMarked(theirs.Start); err != nil {
		t.Fatal(err)
	}
	defer theirs.Wait()
	defer theirs.Process.Kill()
	cmd.Env = append(cmd.Env, endVar+"="+m.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("sleep (pid %d)", theirs.Process.Pid); !strings.Contains(string(out), want) {
		t.Errorf("%q does not say %q", out, want)
	}
	all := ending{belongs: m.covers}
	if n, err := all.run(); n != 1 || err != nil {
		t.Errorf("as its own user: %d ended, %v", n, err)
	}
}
