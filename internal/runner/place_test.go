package runner_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// plainPlace is the simplest place there can be: os/exec and a folder.
type plainPlace struct {
	dirs executor.Dirs
	env  map[string]string
}

func newPlainPlace(t testing.TB) *plainPlace {
	root := t.TempDir()
	layout := executor.Layout{
		Workspace: filepath.Join(root, "work", "repo", "repo"), Temp: filepath.Join(root, "temp"),
		Home: filepath.Join(root, "home"), ToolCache: filepath.Join(root, "tools"), Actions: filepath.Join(root, "actions"),
	}
	for _, dir := range []string{layout.Workspace, layout.Temp, layout.Home, layout.ToolCache, layout.Actions} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &plainPlace{
		dirs: executor.Dirs{Host: layout, Inner: layout},
		env:  map[string]string{"PATH": os.Getenv("PATH"), "HOME": root, "LANG": "C.UTF-8"},
	}
}

func (p *plainPlace) Dirs() executor.Dirs { return p.dirs }

func (p *plainPlace) Env() map[string]string {
	env := map[string]string{}
	for k, v := range p.env {
		env[k] = v
	}
	return env
}

func (p *plainPlace) Start(_ context.Context, c executor.Command) (executor.Process, error) {
	name := c.Args[0]
	if !strings.Contains(name, "/") {
		found, err := exec.LookPath(name)
		if err != nil {
			return nil, fault.New(fault.Missing, "%s: program not found", name)
		}
		name = found
	}
	cmd := exec.Command(name, c.Args[1:]...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	if cmd.Dir == "" {
		cmd.Dir = p.dirs.Inner.Workspace
	}
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return plainProcess{cmd}, nil
}

func (p *plainPlace) Processes() int              { return 0 }
func (p *plainPlace) Close(context.Context) error { return nil }

type plainProcess struct{ cmd *exec.Cmd }

func (p plainProcess) Wait() (executor.Status, error) {
	err := p.cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		status := exit.Sys().(syscall.WaitStatus)
		if status.Signaled() {
			return executor.Status{Code: 128 + int(status.Signal()), Signal: status.Signal()}, nil
		}
		return executor.Status{Code: status.ExitStatus()}, nil
	}
	return executor.Status{}, err
}

func (p plainProcess) Signal(sig syscall.Signal) error {
	err := syscall.Kill(-p.cmd.Process.Pid, sig)
	if err == syscall.ESRCH {
		return nil
	}
	return err
}
