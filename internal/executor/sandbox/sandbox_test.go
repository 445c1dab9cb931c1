package sandbox

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/executor/executortest"
)

var factory = executortest.Factory{
	Name:  "sandbox",
	New:   func(root string) (executor.Executor, error) { return New(Options{Root: root}) },
	Lacks: executortest.Lacks{Survivors: true},
}

func TestMain(m *testing.M) {
	if code, isInit := Init(); isInit {
		os.Exit(code)
	}
	os.Exit(executortest.Main(m, factory))
}

func TestConformance(t *testing.T) { executortest.Run(t, factory) }

// ordinary is a user that need not exist.
const ordinary = 61234

// TestAsOrdinaryUser runs all other tests of this binary as an ordinary user.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: all tests run as an ordinary user already")
	}
	// A folder of the user's, with a copy of this binary, which he can't reach.
	home, err := os.MkdirTemp("/tmp", "sandbox-user-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	if err := os.Chown(home, ordinary, ordinary); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(home, "sandbox.test")
	copyBinary(t, binary)
	cmd := exec.Command(binary, "-test.skip=TestAsOrdinaryUser", "-test.count=1")
	if testing.Verbose() {
		cmd.Args = append(cmd.Args, "-test.v")
	}
	cmd.Dir = home
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home, "CI=" + os.Getenv("CI")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinary, Gid: ordinary}}
	if out, err := cmd.CombinedOutput(); err != nil || testing.Verbose() {
		t.Logf("%s", out)
		if err != nil {
			t.Error(err)
		}
	}
}

func copyBinary(t *testing.T, to string) {
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
