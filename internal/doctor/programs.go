package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// find lists the programs called name in PATH, each file once.
func (o Options) find(name string) []string {
	var found []string
	var seen []os.FileInfo
	for _, dir := range filepath.SplitList(o.getenv("PATH")) {
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 || !filepath.IsAbs(file) {
			continue
		}
		if slices.ContainsFunc(seen, func(other os.FileInfo) bool { return os.SameFile(info, other) }) {
			continue
		}
		seen, found = append(seen, info), append(found, file)
	}
	return found
}

// ask runs a program and returns what it prints, which takes no longer than the limit.
func (o Options) ask(ctx context.Context, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = o.Environ
	endAll(cmd)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("no answer in %s", o.Limit)
	case err != nil && complaint.Len() > 0:
		line, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return "", errors.New(line)
	case err != nil:
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

// endAll has all that cmd starts end with it when its time is up.
func endAll(cmd *exec.Cmd) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // one that left the group may hold the pipe
}

// program is the first program called name in PATH. version picks its version
// out of what it prints when asked with args.
func (o Options) program(ctx context.Context, name string, version func(string) string, args ...string) Program {
	found := o.find(name)
	if len(found) == 0 {
		return Program{Problem: "not in PATH"}
	}
	return o.describe(ctx, found[0], version, args...)
}

func (o Options) describe(ctx context.Context, path string, version func(string) string, args ...string) Program {
	answer, err := o.ask(ctx, path, args...)
	if err != nil {
		return Program{Path: path, Problem: err.Error()}
	}
	p := Program{Path: path, Version: version(answer)}
	if p.Version == "" {
		p.Problem = "does not tell its version"
	}
	return p
}

// word returns a function that picks the n-th word of the first line.
func word(n int) func(string) string {
	return func(answer string) string {
		line, _, _ := strings.Cut(answer, "\n")
		if words := strings.Fields(line); n < len(words) {
			return words[n]
		}
		return ""
	}
}

func (o Options) git(ctx context.Context) Program {
	return o.program(ctx, "git", word(2), "--version") // git version 2.43.0
}

func (o Options) bash(ctx context.Context) Program {
	return o.program(ctx, "bash", word(0), "-c", "echo $BASH_VERSION")
}

// nodes are all in PATH, and those that setup-node keeps.
func (o Options) nodes(ctx context.Context) []Program {
	nodes := []Program{}
	for _, path := range o.find("node") {
		nodes = append(nodes, o.describe(ctx, path, nodeVersion, "--version"))
	}
	arch := map[string]string{"amd64": "x64", "386": "x86"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	kept, err := filepath.Glob(filepath.Join(o.ToolCache, "node", "*", arch, "bin", "node"))
	if err != nil {
		return nodes
	}
	for _, path := range kept {
		version := filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(path))))
		nodes = append(nodes, Program{Path: path, Version: version})
	}
	return nodes
}

func nodeVersion(answer string) string {
	version, ok := strings.CutPrefix(answer, "v")
	if !ok {
		return ""
	}
	return word(0)(version)
}

// aboutPython prints version, whether pip may not install, whether venv works.
const aboutPython = `import importlib.util as u, os, sys, sysconfig
managed = sys.prefix == sys.base_prefix and os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))
print("%d.%d.%d" % sys.version_info[:3], managed, bool(u.find_spec("venv") and u.find_spec("ensurepip")))`

func (o Options) python(ctx context.Context) Python {
	var answer string
	p := Python{Program: o.program(ctx, "python3", func(a string) string {
		answer = a
		return word(0)(a)
	}, "-c", aboutPython)}
	p.Managed = word(1)(answer) == "True"
	p.Venv = word(2)(answer) == "True"
	return p
}
