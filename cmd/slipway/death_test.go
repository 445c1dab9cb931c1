package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/internal/testkit"
)

// scene is a folder with one workflow and homes of its own.
type scene struct {
	t   *testing.T
	dir string
}

func newScene(t *testing.T, workflow string) scene {
	t.Helper()
	testkit.Need(t, "git", "bash")
	s := scene{t, t.TempDir()}
	s.write(".github/workflows/ci.yml", workflow)
	return s
}

func (s scene) write(name, text string) {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// command is `slipway run`; MARK names the folder, in its environment and in the
// jobs', so that what it starts can be told from the rest of the machine.
func (s scene) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"run", "--env", "MARK=" + s.dir}, args...)...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), beMain+"=1", "HOME="+s.dir, "XDG_STATE_HOME="+s.dir+"/.state", "XDG_CACHE_HOME="+s.dir+"/.cache",
		"XDG_CONFIG_HOME="+s.dir+"/.config", "MARK="+s.dir)
	return cmd
}

// start starts `slipway run`; a test that fails leaves no process behind either.
func (s scene) start() *exec.Cmd {
	s.t.Helper()
	cmd := s.command()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return cmd
}

func (s scene) run(args ...string) (stdout string, code int) {
	s.t.Helper()
	cmd := s.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	if errs.Len() > 0 {
		s.t.Log(errs.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// until polls for a condition for at most a minute.
func (s scene) until(what string, done func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited a minute for %s", what)
		}
		<-tick.C
	}
}

func (s scene) exists(name string) bool {
	_, err := os.Stat(filepath.Join(s.dir, name))
	return err == nil
}

// left lists the processes that carry the sandbox's MARK, however they hid.
func (s scene) left() []string {
	var found []string
	names, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range names {
		env, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(env, []byte("MARK="+s.dir+"\x00")) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}

// clean checks that no process and no folder of a job is left.
func (s scene) clean() {
	s.t.Helper()
	if left := s.left(); len(left) > 0 {
		s.t.Errorf("processes left: %q", left)
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, ".state/slipway/jobs"))
	if err != nil && !os.IsNotExist(err) {
		s.t.Error(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			s.t.Errorf("folder left: %s", e.Name())
		}
	}
}

// busy is a job whose step starts processes that hide, and then waits.
const busy = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          setsid sleep 1000 > /dev/null 2>&1 &
          (setsid nohup sleep 1001 > /dev/null 2>&1 &)
          touch $MARK/started
          sleep 1002
      - if: always()
        run: touch $MARK/always
      - run: touch $MARK/never
`

func TestInterruptCancelsAndLeavesNothing(t *testing.T) {
	s := newScene(t, busy)
	cmd := s.start()
	s.until("the step", func() bool { return s.exists("started") })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if !s.exists("always") || s.exists("never") {
		t.Errorf("always() step ran: %v; the step after it: %v", s.exists("always"), s.exists("never"))
	}
	s.clean()
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	s := newScene(t, `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          trap '' INT TERM HUP
          touch $MARK/started
          while :; do sleep 1000; done
      - if: always()
        run: touch $MARK/always
`)
	cmd := s.start()
	s.until("the step", func() bool { return s.exists("started") })
	for range 2 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	s.until("the end", func() bool {
		select {
		case <-ended:
			return true
		default:
			cmd.Process.Signal(os.Interrupt) // two signals in a row may be delivered as one
			return false
		}
	})
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if s.exists("always") {
		t.Error("the always() step ran after a forced cancel")
	}
	s.clean()
}

func TestNextStartSweepsAfterAKill(t *testing.T) {
	s := newScene(t, busy)
	cmd := s.start()
	s.until("the step", func() bool { return s.exists("started") })
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()

	s.write(".github/workflows/ci.yml", "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n")
	out, code := s.run()
	if code != 0 || !strings.Contains(out, "cleaned up after a run that was killed") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	s.clean()
}

func TestSweepLeavesLivingRunsAlone(t *testing.T) {
	s := newScene(t, busy)
	living := s.start()
	s.until("the step", func() bool { return s.exists("started") })
	s.write(".github/workflows/ci.yml", "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n")
	if out, code := s.run(); code != 0 || strings.Contains(out, "cleaned up") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if n := len(s.left()); n < 4 { // slipway, bash, three sleeps
		t.Errorf("%d processes of the living run are left: %q", n, s.left())
	}
	living.Process.Signal(os.Interrupt)
	living.Wait()
	s.clean()
}
