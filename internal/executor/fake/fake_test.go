package fake_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/executor/executortest"
	"slipway/internal/executor/fake"
)

// programs answers commands by running them, the ordinary way.
func programs(ctx context.Context, c *fake.Call) executor.Status {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	if path, err := lookPath(c); err == nil {
		cmd.Path, cmd.Err = path, nil
	}
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Dir, c.Env, c.Stdin, c.Output, c.Output
	err := cmd.Run()
	if err == nil {
		return executor.Status{}
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		c.Print(err)
		return executor.Status{Code: 127}
	}
	status := executor.Status{Code: exit.ExitCode()}
	if ws := exit.Sys().(syscall.WaitStatus); ws.Signaled() {
		status.Signal, status.Code = ws.Signal(), 128+int(ws.Signal())
	}
	return status
}

// lookPath finds a program in the command's PATH, seen from its folder.
func lookPath(c *fake.Call) (string, error) {
	find := exec.Command("/bin/sh", "-c", `command -v "$0"`, c.Args[0])
	find.Dir, find.Env = c.Dir, c.Env
	out, err := find.Output()
	if err != nil || len(out) < 2 {
		return "", errors.Join(err, errors.New("not found"))
	}
	return string(out[:len(out)-1]), nil
}

var factory = executortest.Factory{
	Name:  "fake",
	New:   func(root string) (executor.Executor, error) { return fake.New(root, programs) },
	Lacks: executortest.Lacks{Signals: true, Background: true, Processes: true, Recovery: true, HardTrees: true},
}

func TestMain(m *testing.M) { os.Exit(executortest.Main(m, factory)) }

func TestConformance(t *testing.T) { executortest.Run(t, factory) }

func TestScripted(t *testing.T) {
	e, err := fake.New(t.TempDir(), func(ctx context.Context, c *fake.Call) executor.Status {
		c.Print(c.Args[1], " ", c.Getenv("NAME"))
		if c.Args[0] == "wait" {
			if sig := <-c.Signals; sig != syscall.SIGINT {
				t.Errorf("got %s", sig)
			}
			<-ctx.Done()
		}
		return executor.Status{Code: 7}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	p, err := e.Prepare(t.Context(), executor.Spec{Job: "j", Repo: "o/r"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) executor.Process {
		c, err := p.Start(t.Context(), executor.Command{Args: args, Env: []string{"NAME=value"}, Output: out})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if status, err := run("say", "hello").Wait(); err != nil || status.Code != 7 {
		t.Errorf("%+v, %v", status, err)
	}
	waiting := run("wait", "!")
	if n := p.Processes(); n != 1 {
		t.Errorf("%d processes", n)
	}
	if err := errors.Join(waiting.Signal(syscall.SIGINT), p.Close(t.Context())); err != nil {
		t.Error(err)
	}
	if status, err := waiting.Wait(); err != nil || status.Signal != syscall.SIGKILL || status.Code != 137 {
		t.Errorf("%+v, %v", status, err)
	}
	if data, err := os.ReadFile(out.Name()); err != nil || string(data) != "hello value! value" {
		t.Errorf("%q, %v", data, err)
	}
	if calls := e.Calls(); len(calls) != 2 || calls[1].Args[0] != "wait" || calls[1].Job != "j" || calls[1].Dir != p.Dirs().Inner.Workspace {
		t.Errorf("recorded %+v", calls)
	}
}
