package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// programs makes a folder of shell scripts, by name, and returns options whose
// PATH is that folder.
func programs(t *testing.T, scripts map[string]string) Options {
	t.Helper()
	dir := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return Options{Environ: []string{"PATH=" + dir + ":relative:/no/such/folder:" + dir}, State: t.TempDir(), ToolCache: t.TempDir(), Limit: 10 * time.Second}
}

func TestPrograms(t *testing.T) {
	o := programs(t, map[string]string{
		"git":     `echo "git version 2.43.0 (Apple Git-1)"`,
		"bash":    `echo "$@" >&2; exit 3`,
		"node":    `echo v24.1.0`,
		"python3": `echo 3.12.3 True False`,
	})
	if err := os.MkdirAll(filepath.Join(o.ToolCache, "node", "20.1.0", "x64", "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"node/20.1.0/x64/bin/node", "node/20.1.0/x64.complete", "node/22.0.0.complete"} {
		if err := os.WriteFile(filepath.Join(o.ToolCache, file), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f := Examine(context.Background(), o)
	if f.Git.Version != "2.43.0" || f.Git.Problem != "" || !filepath.IsAbs(f.Git.Path) {
		t.Errorf("git: %+v", f.Git)
	}
	if f.Bash.Version != "" || f.Bash.Problem != "-c echo $BASH_VERSION" || f.Bash.Path == "" {
		t.Errorf("bash: %+v", f.Bash)
	}
	if len(f.Node) != 2 && f.System.Arch == "amd64" || f.Node[0].Version != "24.1.0" || f.System.Arch == "amd64" && f.Node[1].Version != "20.1.0" {
		t.Errorf("node: %+v", f.Node)
	}
	if f.Python.Version != "3.12.3" || !f.Python.Managed || f.Python.Venv {
		t.Errorf("python: %+v", f.Python)
	}
	if len(f.ToolCache.Tools) != 1 || f.ToolCache.Tools[0] != "node 20.1.0" {
		t.Errorf("tool cache: %+v", f.ToolCache)
	}
	if f.System.CPUs < 1 || f.System.Kernel == "" || f.System.Memory == 0 || f.System.Name == "" {
		t.Errorf("system: %+v", f.System)
	}
	if f.Disk.Free == 0 || f.Disk.Problem != "" {
		t.Errorf("disk: %+v", f.Disk)
	}
}

func TestNothingIsHere(t *testing.T) {
	f := Examine(context.Background(), Options{State: "/no/such/folder/at/all", ToolCache: "/no/such"})
	for name, p := range map[string]Program{"git": f.Git, "bash": f.Bash, "python": f.Python.Program} {
		if p != (Program{Problem: "not in PATH"}) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if len(f.Node) != 0 || f.Namespaces.Mount.Yes || f.Namespaces.Overlay.Problem == "" || len(f.ToolCache.Tools) != 0 {
		t.Errorf("%+v", f)
	}
	data, err := json.Marshal(f)
	if err != nil || strings.Contains(string(data), "null") {
		t.Errorf("%s, %v", data, err)
	}
	if f.Disk.Path != "/no/such/folder/at/all" || f.Disk.Type == "" {
		t.Errorf("disk: %+v", f.Disk)
	}
}

// A program that never answers, and one whose child holds the pipe, cost the limit once.
func TestProgramsThatHang(t *testing.T) {
	o := programs(t, map[string]string{"git": `exec sleep 3600`, "bash": `sleep 3600 & wait`, "node": `exec sleep 3600`, "python3": `exec sleep 3600`})
	o.Environ[0] += ":/bin:/usr/bin"
	o.Limit = 50 * time.Millisecond
	done := make(chan Facts)
	go func() { done <- Examine(context.Background(), o) }()
	select {
	case f := <-done:
		if f.Git.Problem != "no answer in 50ms" || f.Bash.Problem != "no answer in 50ms" || f.Python.Problem != "no answer in 50ms" {
			t.Errorf("%+v, %+v, %+v", f.Git, f.Bash, f.Python)
		}
	case <-time.After(30 * time.Second):
		t.Error("still looking")
	}
}

// engine answers one connection on a socket and returns its address.
func engine(t *testing.T, answer string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "doctor") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "docker.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		request := make([]byte, 1024)
		if n, err := conn.Read(request); err == nil && strings.HasPrefix(string(request[:n]), "GET /version ") {
			fmt.Fprint(conn, answer)
		}
	}()
	return path
}

func TestDocker(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		want         Docker
	}{
		{"an engine", "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + `{"Version":"28.2.2","ApiVersion":"1.50","Os":"linux"}`, Docker{Reachable: true, Version: "28.2.2", API: "1.50"}},
		{"refuses", "HTTP/1.0 403 Forbidden\r\n\r\n", Docker{Problem: `something else answers there: "HTTP/1.0 403 Forbidden"`}},
		{"no HTTP", "SSH-2.0-x\r\n", Docker{Problem: `something else answers there: "SSH-2.0-x"`}},
		{"nothing", "", Docker{Problem: "something else answers there: EOF"}},
		{"no JSON", "HTTP/1.0 200 OK\r\n\r\n<html>", Docker{Problem: "something else answers there: invalid character '<' looking for beginning of value"}},
		{"other JSON", "HTTP/1.0 200 OK\r\n\r\n{}", Docker{Problem: "something else answers there: no version in the answer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.want.Address = "unix://" + engine(t, c.answer)
			got := Options{Environ: []string{"DOCKER_HOST=" + c.want.Address}, Limit: 10 * time.Second}.docker(context.Background())
			if got != c.want {
				t.Errorf("%+v, not %+v", got, c.want)
			}
		})
	}
	for host, problem := range map[string]string{
		"unix:///no/such.sock": "no socket there",
		"ssh://server":         "not asked",
		"nonsense":             "not asked",
		"tcp://127.0.0.1:1":    "nobody answers",
	} {
		got := Options{Environ: []string{"DOCKER_HOST=" + host}, Limit: 10 * time.Second}.docker(context.Background())
		if got.Reachable || got.Address != host || !strings.Contains(got.Problem, problem) {
			t.Errorf("%s: %+v", host, got)
		}
	}
	rootless := engine(t, "HTTP/1.0 200 OK\r\n\r\n"+`{"Version":"1"}`)
	if _, err := os.Stat("/var/run/docker.sock"); err != nil {
		got := Options{Environ: []string{"XDG_RUNTIME_DIR=" + filepath.Dir(rootless)}, Limit: 10 * time.Second}.docker(context.Background())
		if !got.Reachable {
			t.Errorf("a rootless engine: %+v", got)
		}
	}
}

// sound is a machine on which all is well.
func sound() Facts {
	yes := Possible{Yes: true}
	good := Program{Path: "/bin/x", Version: "1"}
	return Facts{
		System: System{Name: "Debian 12", User: "mona", UID: 1000}, Git: good, Bash: good,
		Node: []Program{{Path: "/bin/node", Version: "24.1.0"}}, Python: Python{Program: good, Venv: true},
		Namespaces: Namespaces{User: yes, Mount: yes, PID: yes, Overlay: yes},
		Docker:     Docker{Reachable: true}, Processes: Processes{Group: "/g", Subreaper: true, LimitMarks: true}, Disk: Disk{Free: 50 << 30},
	}
}

func TestAdvice(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Facts)
		level  Level
		says   []string
	}{
		{"git", func(f *Facts) { f.Git = Program{Problem: "not in PATH"} }, Problem, []string{"No git (not in PATH)", "Install git"}},
		{"bash", func(f *Facts) { f.Bash = Program{Problem: "not in PATH"} }, Warning, []string{"sh", "shell: bash"}},
		{"no node", func(f *Facts) { f.Node = nil }, Warning, []string{"No Node.js", "Install Node.js 24"}},
		{"old node", func(f *Facts) { f.Node[0].Version = "18.20.0" }, Warning, []string{"newest Node.js is 18", "node20"}},
		{"node 22", func(f *Facts) { f.Node[0].Version = "22.1.0" }, Warning, []string{"newest Node.js is 22", "node24"}},
		{"broken node", func(f *Facts) { f.Node[0].Version = "" }, Warning, []string{"No Node.js"}},
		{"python", func(f *Facts) { f.Python = Python{Program: Program{Problem: "not in PATH"}} }, Warning, []string{"No Python", "shell: python"}},
		{"managed", func(f *Facts) { f.Python.Managed = true }, Warning, []string{"externally managed", "actions/setup-python"}},
		{"venv", func(f *Facts) { f.Python.Venv = false }, Warning, []string{"python3-venv"}},
		{"docker", func(f *Facts) { f.Docker = Docker{Problem: "not running"} }, Warning, []string{"No Docker (not running)", "container:"}},
		{"sandbox", func(f *Facts) { f.Namespaces.User = no("forbidden") }, Info, []string{"sandbox cannot", "(forbidden)"}},
		{"no groups", func(f *Facts) { f.Processes.Group = "" }, Info, []string{"mark"}},
		{"nothing", func(f *Facts) { f.Processes = Processes{} }, Warning, []string{"environment only"}},
		{"disk", func(f *Facts) { f.Disk.Free = 300 << 20 }, Warning, []string{"300 MiB"}},
		{"folder", func(f *Facts) { f.Disk.Problem = "/x is not writable" }, Problem, []string{"not writable"}},
		{"user", func(f *Facts) { f.System.User = "" }, Info, []string{"uid 1000", "Debian 12"}},
	} {
		f := sound()
		before := map[Advice]bool{}
		for _, a := range f.Advice() {
			if a.Level != Info {
				t.Errorf("a sound machine: %+v", a)
			}
			before[a] = true
		}
		c.change(&f)
		var changed []Advice
		for _, a := range f.Advice() {
			if !before[a] {
				changed = append(changed, a)
			}
		}
		if len(changed) != 1 || changed[0].Level != c.level {
			t.Errorf("%s: %+v", c.name, changed)
			continue
		}
		for _, word := range c.says {
			if !strings.Contains(changed[0].Text, word) {
				t.Errorf("%s: %q does not say %q", c.name, changed[0].Text, word)
			}
		}
	}
}

func TestBytesText(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 bytes", 1023: "1023 bytes", 1536: "1.5 KiB", 300 << 20: "300 MiB", 72 << 30: "72.0 GiB", 1 << 62: "4194304 TiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d bytes are %q, not %q", n, got, want)
		}
	}
}
