package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/internal/executor"
	"slipway/internal/fault"
	"slipway/internal/testkit"
)

// kit is an executor and a place of it.
type kit struct {
	*testing.T
	root  string
	ex    *Executor
	place executor.Place
}

func begin(t *testing.T, o Options, spec executor.Spec) *kit {
	t.Helper()
	o.Root = filepath.Join(t.TempDir(), "state")
	ex, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ex.Close(); err != nil {
			t.Error(err)
		}
	})
	spec.Job = "job"
	p, err := ex.Prepare(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return &kit{t, o.Root, ex, p}
}

// run runs a script in the place and returns its exit code and output.
func (k *kit) run(script string, args ...string) (int, string) {
	k.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		k.Fatal(err)
	}
	defer read.Close()
	var env []string
	for name, value := range k.place.Env() {
		env = append(env, name+"="+value)
	}
	process, err := k.place.Start(k.Context(), executor.Command{
		Args: append([]string{"bash", "-c", script, "bash"}, args...), Env: env, Output: write,
	})
	write.Close()
	if err != nil {
		k.Fatal(err)
	}
	out, err := io.ReadAll(read)
	if err != nil {
		k.Fatal(err)
	}
	status, err := process.Wait()
	if err != nil {
		k.Fatal(err)
	}
	return status.Code, strings.TrimSpace(string(out))
}

// must is the output of a script that has to succeed.
func (k *kit) must(script string, args ...string) string {
	k.Helper()
	code, out := k.run(script, args...)
	if code != 0 {
		k.Fatalf("%s: code %d: %s", script, code, out)
	}
	return out
}

func (k *kit) close() {
	k.Helper()
	if err := k.place.Close(context.Background()); err != nil {
		k.Error(err)
	}
}

func isRoot() bool { return os.Geteuid() == 0 }

func needRoot(t *testing.T) {
	t.Helper()
	if !isRoot() {
		t.Skip("skipped: only root can write there")
	}
}

// canary makes a file on this machine that no job may see.
func canary(t *testing.T, folder string) string {
	t.Helper()
	path := filepath.Join(folder, fmt.Sprintf("sandbox-test-%d", os.Getpid()))
	if err := os.WriteFile(path, []byte("canary"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
	return path
}

func TestWritesVanish(t *testing.T) {
	needRoot(t)
	k := begin(t, Options{}, executor.Spec{})
	name := fmt.Sprintf("sandbox-test-%d", os.Getpid())
	var paths []string
	for _, folder := range []string{"", "/usr/bin", "/usr/local/lib", "/etc", "/etc/apt", "/opt", "/root", "/home", "/tmp", "/run", "/srv", "/var/tmp", "/var/lib", "/var/lib/dpkg", "/var/cache/apt", "/var/log", "/new/folder"} {
		paths = append(paths, folder+"/"+name)
	}
	k.must(`for f; do mkdir -p "$(dirname "$f")"; echo x >"$f"; cat "$f"; done >/dev/null`, paths...)
	k.must(`rm -r /usr/share/doc /usr/bin/env /etc/passwd; mv /usr/share/man /usr/share/nam; echo spoiled >/usr/bin/id; chmod 0 /opt; ! test -e /usr/bin/env`)
	k.close()
	for _, path := range paths {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is on the machine: %v", path, err)
		}
	}
	for _, path := range []string{"/usr/bin/env", "/etc/passwd"} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if out, err := exec.Command("/usr/bin/id", "-u").Output(); err != nil || string(out) != "0\n" {
		t.Errorf("id: %q, %v", out, err)
	}
	p, err := k.ex.Prepare(t.Context(), executor.Spec{Job: "next"})
	if err != nil {
		t.Fatal(err)
	}
	k.place = p
	if out := k.must(`for f; do [ -e "$f" ] && echo "$f"; done; id -u; [ -x /usr/bin/env ]`, paths...); out != "0" {
		t.Errorf("the next job finds %q", out)
	}
}

func TestOrdinaryUserWrites(t *testing.T) {
	if isRoot() {
		t.Skip("skipped: runs with TestAsOrdinaryUser")
	}
	k := begin(t, Options{}, executor.Spec{})
	k.must(`for f in "$HOME" /tmp /var/tmp /run /dev/shm; do echo x >"$f/x" && cat "$f/x" || exit 1; done`)
	for _, folder := range []string{"/", "/usr", "/usr/bin", "/etc", "/var/lib", "/opt", "/sys", "/proc"} {
		if code, out := k.run(`echo x >"$1/x"`, folder); code == 0 || !regexp.MustCompile(`Read-only|denied|No such file`).MatchString(out) {
			t.Errorf("a write to %s: %d, %q", folder, code, out)
		}
	}
	if out := k.must(`id -u; echo "$npm_config_prefix"; echo "$PATH"`); !strings.HasPrefix(out, fmt.Sprint(os.Getuid())) || !strings.Contains(out, "/.local\n") || !strings.Contains(out, "/.local/bin:") {
		t.Errorf("the user is %q", out)
	}
	k.close()
	if _, err := os.Lstat(filepath.Join(os.Getenv("HOME"), "x")); err == nil {
		t.Error("a job wrote to the home")
	}
}

func TestSecretsAreInvisible(t *testing.T) {
	var hidden []string
	if isRoot() {
		for _, folder := range []string{"/", "/root", "/home", "/srv", "/etc", "/var/lib", "/var/log", "/var", "/run", "/tmp", "/mnt", "/var/lib/systemd/coredump"} {
			if _, err := os.Stat(folder); err == nil {
				hidden = append(hidden, canary(t, folder))
			}
		}
		for _, folder := range []string{"/root/.ssh", "/var/lib/postgresql", "/var/lib/docker", "/etc/ssl/private", "/etc/ssh"} {
			if made := os.Mkdir(folder, 0o700) == nil; made {
				t.Cleanup(func() { os.Remove(folder) })
			}
			hidden = append(hidden, canary(t, folder))
		}
	}
	k := begin(t, Options{}, executor.Spec{})
	hidden = append(hidden, k.root+"/1/place.json", k.root+"/1/"+machineName, "/root/.ssh", "/var/lib/docker/overlay2", "/boot/vmlinuz", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/vda", "/dev/sda")
	for _, path := range hidden {
		if out := k.must(`ls -d "$1" 2>/dev/null || :`, path); out != "" {
			t.Errorf("a job sees %s", path)
		}
	}
	if hash := regexp.MustCompile(`(?m)^[^:]*:[^:*!]`).FindString(k.must(`cat /etc/shadow /etc/gshadow 2>/dev/null || :`)); hash != "" {
		t.Errorf("a job sees a password: %q", hash)
	}
	tools := Tools(os.Getenv("PATH"))
	seen := strings.Join(append(tools, k.root), "\n")
	for name := range strings.FieldsSeq(k.must(`find /root /home /srv /mnt /media /tmp /var/tmp /run -mindepth 1 -maxdepth 2 2>/dev/null || :`)) {
		if !strings.Contains(seen, name) && !isBelow(name, tools...) && !strings.HasPrefix(name, "/home/runner") && !isBelow(name, "/run/lock", innerState) && name != k.place.Env()["HOME"] {
			t.Errorf("a new machine has %s", name)
		}
	}
	if out := k.must(`ls -d /proc/[0-9]* | wc -l`); len(out) > 1 {
		t.Errorf("a job sees %s processes", out)
	}
	// What it must have.
	k.must(`ls /etc/passwd /etc/ssl/certs /etc/resolv.conf /usr/bin /dev/null /dev/pts/ptmx /proc/self/status /sys/kernel >/dev/null; echo x >/dev/null; [ "$(head -c 3 /dev/zero | wc -c)" = 3 ]`)
}

func TestRefused(t *testing.T) {
	k := begin(t, Options{}, executor.Spec{})
	for _, script := range []string{
		`mount -t tmpfs none /mnt`, `mount --bind /etc /mnt`, `mount -o remount,rw /sys`, `mount -t proc none /mnt`, `umount /proc/sys`,
		`umount -l /`, `unshare -m true`, `unshare -U -r true`, `unshare -Ur mount -t tmpfs none /mnt`, `unshare -p -f true`,
		`nsenter -t 1 -m true`, `mknod /tmp/disk b 254 0`, `mknod /tmp/mem c 1 1`, `cat /proc/1/environ`, `cat /proc/1/mem`, `readlink /proc/1/fd/3`,
		`ls /proc/1/root/`, `echo h >/proc/sysrq-trigger`, `echo 1 >/proc/sys/kernel/panic`, `echo 1 >/proc/sys/vm/drop_caches`,
		`echo x >/proc/sys/kernel/core_pattern`, `echo 1 >/sys/kernel/mm/ksm/run`, `echo 0 >/sys/fs/cgroup/x`, `[ -s /proc/kcore ] && head -c 1 /proc/kcore | grep -q .`,
		`dmesg`, `date -s 2001-01-01`, `swapoff -a && false || ! :`, `chroot /proc/1/root true`, `echo x >/dev/sda && [ -b /dev/sda ]`, `reboot -f`,
	} {
		code, out := k.run(script)
		if code == 0 {
			t.Errorf("%q succeeded: %s", script, out)
		}
	}
	for _, check := range []string{
		`grep -q '^Seccomp:.*2' /proc/self/status`, `! grep '^CapEff:.*[1-9a-f]' /proc/self/status || [ "$(id -u)" = 0 ]`,
		`kill -TERM 1 2>/dev/null; kill -KILL 1 2>/dev/null; kill -SEGV 1 2>/dev/null; kill -QUIT 1; kill -ABRT 1; kill -PIPE 1; true`, `true`,
	} {
		k.must(check)
	}
}

// TestCapabilities compares with the list, as a new capability of the kernel's
// must not slip in.
func TestCapabilities(t *testing.T) {
	k := begin(t, Options{}, executor.Spec{})
	var want uint64
	if isRoot() {
		for _, c := range kept {
			want |= 1 << c
		}
	}
	sets := []string{"CapInh", "CapPrm", "CapEff", "CapAmb"}
	if isRoot() {
		sets = append(sets, "CapBnd")
	}
	status := k.must(`cat /proc/self/status`)
	for _, set := range sets {
		var got uint64
		_, rest, _ := strings.Cut(status, set+":")
		if _, err := fmt.Sscanf(strings.TrimSpace(rest), "%x", &got); err != nil {
			t.Fatal(err)
		}
		expected := want
		if set == "CapInh" || set == "CapAmb" {
			expected = 0
		}
		if got != expected {
			t.Errorf("%s is %x, not %x", set, got, expected)
		}
	}
}

// TestNoFilesOfOurs has this process hold a folder open in a way that programs
// it starts inherit: through that a job could go anywhere.
func TestNoFilesOfOurs(t *testing.T) {
	fd, err := syscall.Open("/", syscall.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	k := begin(t, Options{}, executor.Spec{})
	if out := k.must(`for f in /proc/self/fd/*; do [ -e "$f" ] && readlink "$f"; done | grep -v -e '^pipe:' -e '^/dev/null$' || :`); out != "" {
		t.Errorf("a job has files open: %q", out)
	}
}

func TestMachineIsItsOwn(t *testing.T) {
	k := begin(t, Options{}, executor.Spec{})
	for _, ns := range []string{"mnt", "pid", "ipc", "uts"} {
		outside, err := os.Readlink("/proc/self/ns/" + ns)
		if err != nil {
			t.Fatal(err)
		}
		if k.must(`readlink /proc/self/ns/`+ns) == outside {
			t.Errorf("the %s namespace is the machine's", ns)
		}
	}
	outside, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if k.must(`readlink /proc/self/ns/net`) != outside {
		t.Error("the network is not the machine's")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if conn, err := listener.Accept(); err == nil {
			fmt.Fprintln(conn, "hello")
			conn.Close()
		}
	}()
	if out := k.must(`exec 3<>/dev/tcp/127.0.0.1/$1; cat <&3`, fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)); out != "hello" {
		t.Errorf("the machine's server answered %q", out)
	}
}

func TestAbstractSocketsOfOthers(t *testing.T) {
	if !kernelAtLeast(6, 12) {
		t.Skip("skipped: Linux keeps jobs from abstract sockets since 6.12")
	}
	testkit.Need(t, "python3")
	name := fmt.Sprintf("@sandbox-test-%d", os.Getpid())
	listener, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	k := begin(t, Options{}, executor.Spec{})
	connect := `import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect("\0"+sys.argv[1][1:])`
	if code, out := k.run(`python3 -c "$1" "$2"`, connect, name); code == 0 || !strings.Contains(out, "not permitted") {
		t.Errorf("a job reached a socket outside: %d, %s", code, out)
	}
}

func TestForkBombIsContained(t *testing.T) {
	k := begin(t, Options{}, executor.Spec{})
	switch limit := fmt.Sprint(DefaultProcesses); {
	case isRoot() && kernelAtLeast(6, 14):
		if got := k.must(`cat /proc/sys/kernel/pid_max`); got != limit {
			t.Errorf("there are %s numbers for processes", got)
		}
	case !isRoot():
		if got := k.must(`ulimit -u`); got != limit {
			t.Errorf("there may be %s processes", got)
		}
	}
	if len(groupParents("pids")) == 0 || !isRoot() {
		t.Skip("skipped: no control groups to write")
	}
	const limit = 60
	k = begin(t, Options{Limits: Limits{Processes: limit, Memory: 1 << 30, CPU: 1}}, executor.Spec{})
	k.must(`bomb() { bomb | bomb & }; bomb >/dev/null 2>&1 & sleep 0; :`)
	deadline := time.Now().Add(30 * time.Second)
	for seen := 0; seen < limit/2; {
		n := k.place.Processes()
		if seen = max(seen, n); n > limit {
			t.Fatalf("%d processes", n)
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d processes at most", seen)
		}
	}
	k.close()
	if swept, err := k.ex.Sweep(t.Context()); err != nil || swept != (executor.Swept{}) {
		t.Errorf("after the close a sweep finds %+v, %v", swept, err)
	}
	for _, parent := range groupParents("pids") {
		for _, name := range names(parent.path) {
			if strings.HasPrefix(name, groupName(k.root)) {
				t.Errorf("the control group %s is left", name)
			}
		}
	}
}

func TestMemoryIsLimited(t *testing.T) {
	if len(groupParents("memory")) == 0 || !isRoot() {
		t.Skip("skipped: no control groups to write")
	}
	k := begin(t, Options{Limits: Limits{Memory: 128 << 20}}, executor.Spec{})
	if code, out := k.run(`head -c 400000000 /dev/zero | tail >/dev/null; exit ${PIPESTATUS[1]}`); code != 137 {
		t.Errorf("400 MB in 128 MB: %d, %s", code, out)
	}
	k.must(`true`)
}

func TestSweepGroups(t *testing.T) {
	parents := groupParents("pids")
	if len(parents) == 0 || !isRoot() {
		t.Skip("skipped: no control groups to write")
	}
	k := begin(t, Options{Limits: Limits{Processes: 100}}, executor.Spec{})
	dead := filepath.Join(parents[0].path, groupName(k.root)+"7")
	if err := os.Mkdir(dead, 0o755); err != nil {
		t.Fatal(err)
	}
	if swept, err := k.ex.Sweep(t.Context()); err != nil || swept != (executor.Swept{Others: 1}) {
		t.Errorf("%+v, %v", swept, err)
	}
	if _, err := os.Stat(dead); err == nil {
		t.Error("the group is left")
	}
	k.must(`true`)
}

// TestStateOnOverlay has the state folder where no overlay can write, as in a
// container.
func TestStateOnOverlay(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	for _, folder := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	merged := filepath.Join(dir, "merged")
	if err := syscall.Mount("overlay", merged, "overlay", 0, "lowerdir="+dir+"/lower,upperdir="+dir+"/upper,workdir="+dir+"/work"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(merged, 0); err != nil {
			t.Error(err)
		}
	})
	ex, err := New(Options{Root: merged + "/state"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ex.Close() })
	p, err := ex.Prepare(t.Context(), executor.Spec{Job: "job"})
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{t, merged + "/state", ex, p}
	k.must(`echo x >/usr/bin/x; echo y >file; cat /usr/bin/x file`)
	k.close()
}

func TestToolFolder(t *testing.T) {
	home := t.TempDir()
	bin := filepath.Join(home, "manager/bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{bin + "/tool": 0o755, home + "/secret": 0o644, home + "/manager.key": 0o644} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\necho tool\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	k := begin(t, Options{Tools: []string{filepath.Join(home, "manager")}}, executor.Spec{})
	if out := k.must(`"$1/tool"; echo more >"$1/more"; cat "$1/more"; ls "$2"`, bin, home); out != "tool\nmore\nmanager" {
		t.Errorf("the tool said %q", out)
	}
	k.close()
	if _, err := os.Lstat(bin + "/more"); err == nil {
		t.Error("a job changed the tool")
	}
}

func TestKeptMachine(t *testing.T) {
	k := begin(t, Options{}, executor.Spec{Keep: true})
	k.must(`echo kept >/tmp/file`)
	k.close()
	found := false
	err := filepath.WalkDir(k.root, func(path string, d os.DirEntry, err error) error {
		found = found || strings.HasSuffix(path, "/tmp/file")
		return err
	})
	if err != nil || !found {
		t.Errorf("what the job wrote was not kept: %v", err)
	}
}

func TestMounts(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "engine.sock")
	if err := os.WriteFile(socket, []byte("socket"), 0o666); err != nil {
		t.Fatal(err)
	}
	k := begin(t, Options{Mounts: []Mount{{Host: socket, Inner: "/run/engine.sock", ReadOnly: true}, {Host: dir, Inner: "/srv/data"}}}, executor.Spec{})
	if out := k.must(`cat /run/engine.sock; ! echo x 2>/dev/null >/run/engine.sock; echo there >/srv/data/file`); out != "socket" {
		t.Errorf("the socket is %q", out)
	}
	if data, err := os.ReadFile(dir + "/file"); err != nil || string(data) != "there\n" {
		t.Errorf("%q, %v", data, err)
	}
}

func TestToolCacheStaysAndActionsAreSafe(t *testing.T) {
	k := begin(t, Options{}, executor.Spec{})
	inner, outside := k.place.Dirs().Inner, k.place.Dirs().Host
	k.must(`echo cached >"$1/tool"`, inner.ToolCache)
	if data, err := os.ReadFile(outside.ToolCache + "/tool"); err != nil || string(data) != "cached\n" {
		t.Errorf("%q, %v", data, err)
	}
	if code, _ := k.run(`echo x >"$1/x"`, inner.Actions); code == 0 {
		t.Error("a job can change the actions of others")
	}
}

// TestNoSandboxInASandbox starts this binary in a sandbox, where the kernel
// allows no other.
func TestNoSandboxInASandbox(t *testing.T) {
	if os.Getenv(nestedVar) != "" {
		ex, err := New(Options{Root: filepath.Join(t.TempDir(), "state")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ex.Prepare(t.Context(), executor.Spec{Job: "inner"})
		fmt.Printf("%s: %v\n", fault.CodeOf(err), err)
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	k := begin(t, Options{Mounts: []Mount{{Host: exe, Inner: "/srv/test", ReadOnly: true}}}, executor.Spec{})
	out := k.must(nestedVar + `=1 /srv/test -test.run '^TestNoSandboxInASandbox$'`)
	if !strings.Contains(out, "missing: no sandbox here: ") {
		t.Errorf("it said %q", out)
	}
}

const nestedVar = "SANDBOX_TEST_NESTED"

func TestApt(t *testing.T) {
	needRoot(t)
	testkit.Need(t, "apt-get", "dpkg-deb")
	k := begin(t, Options{}, executor.Spec{})
	k.must(`set -e
		mkdir -p p/DEBIAN p/usr/bin p/etc
		printf 'Package: sandbox-test\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: x\n' >p/DEBIAN/control
		printf '#!/bin/sh\nset -e\nuseradd -r sandboxtest\nchown sandboxtest /usr/bin/sandbox-test\n' >p/DEBIAN/postinst
		printf '#!/bin/sh\necho installed\n' >p/usr/bin/sandbox-test
		chmod 755 p/DEBIAN/postinst p/usr/bin/sandbox-test
		dpkg-deb -b p p.deb
		DEBIAN_FRONTEND=noninteractive apt-get install -y ./p.deb
		[ "$(sandbox-test)" = installed ]
		[ "$(stat -c %U /usr/bin/sandbox-test)" = sandboxtest ]
		dpkg -s sandbox-test | grep -q 'ok installed'
		su sandboxtest -s /bin/sh -c 'id -un' | grep -q sandboxtest`)
	k.close()
	if err := exec.Command("dpkg", "-s", "sandbox-test").Run(); err == nil {
		t.Error("the package is on the machine")
	}
	if _, err := os.Lstat("/usr/bin/sandbox-test"); err == nil {
		t.Error("its program is on the machine")
	}
}

func TestPip(t *testing.T) {
	testkit.Need(t, "python3")
	k := begin(t, Options{}, executor.Spec{})
	k.must(`set -e
		python3 - <<-'P'
		import zipfile
		w = zipfile.ZipFile("sandboxtest-1-py3-none-any.whl", "w")
		w.writestr("sandboxtest.py", "print('installed')")
		w.writestr("sandboxtest-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: sandboxtest\nVersion: 1\n")
		w.writestr("sandboxtest-1.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
		w.writestr("sandboxtest-1.dist-info/RECORD", "sandboxtest.py,,\nsandboxtest-1.dist-info/METADATA,,\nsandboxtest-1.dist-info/WHEEL,,\nsandboxtest-1.dist-info/RECORD,,\n")
		w.close()
		P
		python3 -m venv venv
		venv/bin/pip install --no-index ./sandboxtest-1-py3-none-any.whl
		[ "$(venv/bin/python -c 'import sandboxtest')" = installed ]`)
	if isRoot() {
		k.must(`python3 -m pip install --no-index --break-system-packages ./sandboxtest-1-py3-none-any.whl; [ "$(python3 -c 'import sandboxtest')" = installed ]`)
	}
	k.close()
	if err := exec.Command("python3", "-c", "import sandboxtest").Run(); err == nil {
		t.Error("the package is on the machine")
	}
}

func TestTools(t *testing.T) {
	home := t.TempDir()
	for _, folder := range []string{"plain/bin", "plain/other"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got := Tools(strings.Join([]string{"/usr/bin", "relative", "", home + "/plain/bin", home + "/plain/other", home + "/absent/bin", home + "/plain/bin"}, ":"))
	if !slices.Equal(got, []string{home + "/plain/bin"}) {
		t.Errorf("tools: %q", got)
	}
	for path, want := range map[string]string{"/root": "/root", "/root/.pyenv/shims": "/root", "/home/a/b": "/home/a", "/usr": "", "/rootless": ""} {
		if got := homeOf(path); got != want {
			t.Errorf("home of %s: %q", path, got)
		}
	}
}
