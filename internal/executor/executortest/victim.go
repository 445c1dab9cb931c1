package executortest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/executor"
)

// Environment of a process that the suite starts from its own test binary.
const (
	victimVar = "EXECUTORTEST_VICTIM" // a victim, as JSON
)

// A victim is another process that uses the executor, to be killed or not.
type victim struct {
	Factory string
	Root    string
	Job     string
	Script  string // run to its end in a place
	Token   string // $1 of the script, and of a command that runs on
	Places  int    // that many, one after another, before the last one stays
	Keep    bool
}

// report is what a victim prints as one line when it is ready.
type report struct {
	Dirs  executor.Layout
	Error string
}

// Main runs the tests of m, or does what the suite started this process for.
// It returns the exit code.
func Main(m *testing.M, factories ...Factory) int {
	asked := os.Getenv(victimVar)
	if asked == "" {
		return m.Run()
	}
	var v victim
	if err := json.Unmarshal([]byte(asked), &v); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	for _, f := range factories {
		if f.Name == v.Factory {
			if err := v.live(f); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			return 0
		}
	}
	fmt.Fprintf(os.Stderr, "no factory is named %q\n", v.Factory)
	return 2
}

// live uses the executor as v says, reports, and ends properly when its input ends.
func (v victim) live(f Factory) error {
	ex, err := f.New(v.Root)
	if err != nil {
		return err
	}
	defer ex.Close()
	var p executor.Place
	for i := range v.Places {
		if p != nil {
			if err := p.Close(context.Background()); err != nil {
				return err
			}
		}
		spec := f.Spec
		spec.Job, spec.Keep, spec.Repo = fmt.Sprintf("%s-%d", v.Job, i), v.Keep, "octo-org/hello.world"
		if p, err = ex.Prepare(context.Background(), spec); err != nil {
			return err
		}
		if out, err := capture(context.Background(), p, shell(p, v.Script, v.Token)); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	if _, err := p.Start(context.Background(), shell(p, `sleep "$1"; exit 1`, v.Token)); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(report{Dirs: p.Dirs().Host}); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return ex.Close()
}

// live is a running victim.
type live struct {
	cmd   *exec.Cmd
	dirs  executor.Layout
	stdin io.Closer
}

// victim starts a victim and waits until it is ready.
func (k *kit) victim(v victim) *live {
	k.Helper()
	v.Factory, v.Root = k.factory.Name, k.root
	v.Job = fmt.Sprintf("victim-%d", k.jobs.Add(1))
	v.Places = max(1, v.Places)
	asked, err := json.Marshal(v)
	if err != nil {
		k.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), victimVar+"="+string(asked))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		k.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		k.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	var r report
	if err != nil || json.Unmarshal([]byte(line), &r) != nil {
		stdin.Close()
		k.Fatalf("the victim said %q (%v) and ended: %v", line, err, cmd.Wait())
	}
	return &live{cmd, r.Dirs, stdin}
}

// kill kills the victim as kill -9 does.
func (k *kit) kill(v *live) {
	k.Helper()
	if err := v.cmd.Process.Kill(); err != nil {
		k.Fatal(err)
	}
	_ = v.cmd.Wait() // "signal: killed"
	v.stdin.Close()
}

// end lets the victim end properly.
func (k *kit) end(v *live) {
	k.Helper()
	v.stdin.Close()
	if err := v.cmd.Wait(); err != nil {
		k.Errorf("the other process: %v", err)
	}
}

func testRecovery(k *kit) {
	all := make([]string, len(hidings))
	for i, hiding := range hidings {
		all[i] = hide(hiding.script)
	}
	for _, v := range []victim{
		{Script: `true`},
		{Script: strings.Join(all, "\n")},
		{Script: `mkdir -p a/b; touch a/b/c; chmod -R a-w a; mkdir "$PWD/../more"; (setsid sleep "$1" >/dev/null 2>&1 &)`, Places: 3},
		{Script: `echo x >file; (setsid sleep "$1" >/dev/null 2>&1 &)`, Keep: true},
	} {
		v.Token = k.token()
		dead := k.victim(v)
		k.alive(v.Token, 1)
		k.kill(dead)
		survivors := !k.factory.Lacks.Survivors && v.Script != "true"
		if !k.factory.Lacks.Processes && survivors {
			k.alive(v.Token, 1) // or there is nothing to sweep
		}
		swept, err := k.ex.Sweep(k.Context())
		if err != nil {
			k.Errorf("sweep: %v", err)
		}
		k.gone(v.Token)
		if survivors && swept.Processes == 0 {
			k.Errorf("the sweep says it ended nothing: %+v", swept)
		}
		if _, err := os.Stat(dead.dirs.Workspace); v.Keep == os.IsNotExist(err) {
			k.Errorf("keep is %v, and the workspace: %v", v.Keep, err)
		}
		if v.Keep {
			kept := dead.dirs.Workspace
			for filepath.Dir(kept) != k.root {
				kept = filepath.Dir(kept)
			}
			if err := os.RemoveAll(kept); err != nil {
				k.Fatal(err)
			}
		} else if swept.Folders == 0 {
			k.Errorf("the sweep says it removed nothing: %+v", swept)
		}
		if swept, err := k.ex.Sweep(k.Context()); err != nil || swept != (executor.Swept{}) {
			k.Errorf("a second sweep: %+v, %v", swept, err)
		}
		k.shared = []string{dead.dirs.ToolCache, dead.dirs.Actions}
		k.close(k.place())
	}
	// Without a sweep, the next place must not be disturbed by the dead one.
	v := victim{Script: `echo x >file; (setsid sleep "$1" >/dev/null 2>&1 &)`, Token: k.token()}
	k.kill(k.victim(v))
	p := k.place()
	if names := k.sorted(p.Dirs().Host.Workspace); len(names) > 0 {
		k.Errorf("a workspace begins with a dead process's %q", names)
	}
	k.close(p)
	if _, err := k.ex.Sweep(k.Context()); err != nil {
		k.Errorf("sweep: %v", err)
	}
	k.gone(v.Token)
}

func testSweepLiving(k *kit) {
	v := victim{Script: `echo x >file; (setsid sleep "$1" >/dev/null 2>&1 &)`, Token: k.token()}
	other := k.victim(v)
	p := k.place()
	mine := k.token()
	k.output(p, `echo x >file; (setsid sleep "$1" >/dev/null 2>&1 &)`, mine)
	if !k.factory.Lacks.Processes {
		k.alive(v.Token, 3) // the daemon, the running command and its shell
		k.alive(mine, 1)
	}
	for range 3 {
		ex := k.executor()
		swept, err := ex.Sweep(k.Context())
		if err != nil || swept != (executor.Swept{}) {
			k.Errorf("a sweep beside the living: %+v, %v", swept, err)
		}
		if err := ex.Close(); err != nil {
			k.Error(err)
		}
	}
	if !k.factory.Lacks.Processes { // waiting: one that is in exec has no arguments for a moment
		k.alive(v.Token, 3)
		k.alive(mine, 1)
	}
	if !k.factory.Lacks.SharedFiles {
		for _, dir := range []string{other.dirs.Workspace, p.Dirs().Host.Workspace} {
			if _, err := os.Stat(filepath.Join(dir, "file")); err != nil {
				k.Errorf("a living place lost a file: %v", err)
			}
		}
	}
	k.close(p)
	k.end(other)
	k.gone(v.Token)
}

// testSharedRoot has several processes make and close places in one root and
// be killed, while this one sweeps and makes places too.
func testSharedRoot(k *kit) {
	script := `[ -z "$(ls -A)" ] || exit 9; echo x >file; (setsid sleep "$1" >/dev/null 2>&1 &)`
	for range 3 {
		var others []*live
		tokens := []string{k.token(), k.token(), k.token()}
		for _, token := range tokens {
			others = append(others, k.victim(victim{Script: script, Token: token, Places: 4}))
			p := k.place()
			k.output(p, script, token)
			k.close(p)
		}
		k.kill(others[0])
		k.kill(others[1])
		done := make(chan error)
		for range 2 {
			go func() {
				_, err := k.ex.Sweep(k.Context())
				done <- err
			}()
		}
		p := k.place()
		k.output(p, script, tokens[2])
		k.close(p)
		for range 2 {
			if err := <-done; err != nil {
				k.Errorf("sweep: %v", err)
			}
		}
		k.gone(tokens[0])
		k.gone(tokens[1])
		k.end(others[2])
	}
}
