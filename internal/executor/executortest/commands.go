package executortest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

func testStatus(k *kit) {
	p := k.place()
	defer k.close(p)
	for _, test := range []struct {
		script string
		want   executor.Status
	}{
		{"exit 0", executor.Status{}},
		{"exit 1", executor.Status{Code: 1}},
		{"exit 255", executor.Status{Code: 255}},
		{"exit 130", executor.Status{Code: 130}},
		{"kill -KILL $$", executor.Status{Code: 137, Signal: syscall.SIGKILL}},
		{"kill -TERM $$", executor.Status{Code: 143, Signal: syscall.SIGTERM}},
		{"kill -SEGV $$", executor.Status{Code: 139, Signal: syscall.SIGSEGV}},
	} {
		status, _ := k.finish(k.start(p, shell(p, test.script)))
		status.CPU = 0
		if status != test.want {
			k.Errorf("%q ended with %+v, not %+v", test.script, status, test.want)
		}
	}
	status, _ := k.finish(k.start(p, shell(p, `i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done`)))
	if !k.factory.Lacks.Processes && (status.CPU <= 0 || status.CPU > time.Minute) {
		k.Errorf("a busy command used %s of CPU", status.CPU)
	}
}

func testStream(k *kit) {
	p := k.place()
	defer k.close(p)
	s := k.start(p, shell(p, `echo 1; echo 2 >&2; read _ <"$1" || :; echo 3; echo 4 >&2; echo 5`, os.DevNull))
	for _, want := range []string{"1", "2", "3", "4", "5"} {
		if got := k.line(s); got != want {
			k.Errorf("line %q, not %q", got, want)
		}
	}
	if status, rest := k.finish(s); rest != "" || status.Code != 0 {
		k.Errorf("then %q, %+v", rest, status)
	}
	if k.factory.Lacks.Stdin {
		return
	}
	// While it runs: the command answers what it is told.
	read, write, err := os.Pipe()
	if err != nil {
		k.Fatal(err)
	}
	defer write.Close()
	cmd := shell(p, `while read line; do echo "got $line"; done`)
	cmd.Stdin = read
	s = k.start(p, cmd)
	read.Close()
	for i := range 3 {
		fmt.Fprintf(write, "%d\n", i)
		if got, want := k.line(s), fmt.Sprintf("got %d", i); got != want {
			k.Errorf("answer %q, not %q", got, want)
		}
	}
	write.Close()
	k.finish(s)
}

// testBigOutput reads 100 MB, a million lines, a NUL and a line of 10 MB
// without keeping them.
func testBigOutput(k *kit) {
	p := k.place()
	defer k.close(p)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for script, want := range map[string]int64{
		`head -c 100000000 /dev/zero`:        100_000_000,
		`seq 1000000 2000000`:                8 * 1_000_001,
		`head -c 10000000 /dev/zero; echo x`: 10_000_002,
	} {
		s := k.start(p, shell(p, script))
		n, err := io.Copy(io.Discard, s.output)
		if err != nil || n != want {
			k.Errorf("%s: %d bytes, not %d (%v)", script, n, want, err)
		}
		k.wait(s)
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 16<<20 {
		k.Errorf("reading the output allocated %d bytes here", grown)
	}
}

func testCommandEnv(k *kit) {
	p := k.place()
	defer k.close(p)
	k.Setenv("SUITE_OUTSIDE", "must not come in")
	cmd := executor.Command{
		Args: []string{"env", "-0"},
		Env:  []string{"PATH=" + p.Env()["PATH"], "PLAIN=1", "EMPTY=", "LINES=a\nb\n", "EQ=a=b", "UNICODE=é☃", "lower=x", "WITH.DOT=y", "SPACE= "},
	}
	_, output := k.finish(k.start(p, cmd))
	got := map[string]bool{}
	for entry := range strings.SplitSeq(output, "\x00") {
		got[entry] = true
	}
	for _, want := range cmd.Env {
		if !got[want] {
			k.Errorf("%q did not arrive in %q", want, output)
		}
		delete(got, want)
	}
	for entry := range got {
		name, _, _ := strings.Cut(entry, "=")
		if entry != "" && !strings.HasPrefix(name, "SLIPWAY_") && name != "HOSTNAME" && name != "HOME" {
			k.Errorf("%q came from elsewhere", entry)
		}
	}
	// The program is looked up in the command's own PATH.
	if k.factory.Lacks.SharedFiles {
		return
	}
	bin := filepath.Join(p.Dirs().Host.Workspace, "bin")
	k.write(filepath.Join(bin, "only-here"), "#!/bin/sh\necho found\n", 0o755)
	for _, path := range []string{filepath.Join(p.Dirs().Inner.Workspace, "bin"), "/nowhere:bin", "bin"} {
		cmd := executor.Command{Args: []string{"only-here"}, Env: []string{"PATH=" + path}}
		if _, output := k.finish(k.start(p, cmd)); output != "found\n" {
			k.Errorf("with PATH=%s it printed %q", path, output)
		}
	}
}

// write makes a file with its folders.
func (k *kit) write(path, content string, mode os.FileMode) {
	k.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		k.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		k.Fatal(err)
	}
}

func testDir(k *kit) {
	p := k.place()
	defer k.close(p)
	inner := p.Dirs().Inner
	for _, test := range []struct{ dir, want string }{
		{"", inner.Workspace}, {inner.Workspace, inner.Workspace}, {inner.Temp, inner.Temp}, {"/", "/"},
	} {
		cmd := shell(p, `pwd -P`)
		cmd.Dir = test.dir
		_, output := k.finish(k.start(p, cmd))
		if strings.TrimSpace(output) != realPath(test.want) && strings.TrimSpace(output) != test.want {
			k.Errorf("in %q pwd is %q", test.dir, output)
		}
	}
	cmd := shell(p, `pwd`)
	cmd.Dir = inner.Workspace + "/no such folder"
	_, err := p.Start(k.Context(), cmd)
	if err == nil || !strings.Contains(err.Error(), cmd.Dir) {
		k.Errorf("a missing folder gives: %v", err)
	}
}

func realPath(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	return path
}

func testStdin(k *kit) {
	p := k.place()
	defer k.close(p)
	if got := k.output(p, `cat; echo end`); got != "end\n" {
		k.Errorf("without an input cat printed %q", got)
	}
	file := filepath.Join(k.TempDir(), "input")
	k.write(file, "one\ntwo\n", 0o644)
	input, err := os.Open(file)
	if err != nil {
		k.Fatal(err)
	}
	defer input.Close()
	cmd := shell(p, `cat`)
	cmd.Stdin = input
	if _, got := k.finish(k.start(p, cmd)); got != "one\ntwo\n" {
		k.Errorf("cat printed %q", got)
	}
}

func testCannotStart(k *kit) {
	p := k.place()
	defer k.close(p)
	host, inner := p.Dirs().Host.Workspace, p.Dirs().Inner.Workspace
	if !k.factory.Lacks.SharedFiles {
		k.write(host+"/plain", "#!/bin/sh\n", 0o644)
		k.write(host+"/nowhere", "#!/no/such/interpreter -x\n", 0o755)
		k.write(host+"/dos", "#!/bin/sh\r\necho hi\r\n", 0o755)
		k.write(host+"/text", "hello\n", 0o755)
		k.write(host+"/folder/file", "", 0o644)
	}
	for _, test := range []struct {
		name string
		cmd  executor.Command
		code fault.Code
		says []string
		file bool
	}{
		{"no program", executor.Command{}, fault.Usage, nil, false},
		{"not in PATH", executor.Command{Args: []string{"no-such-program"}, Env: []string{"PATH=/bin:/usr/bin"}}, fault.Missing, []string{"no-such-program", "/bin:/usr/bin"}, false},
		{"no such file", executor.Command{Args: []string{inner + "/absent"}}, fault.Missing, []string{inner + "/absent"}, false},
		{"not executable", executor.Command{Args: []string{"./plain"}}, fault.Forbidden, []string{"plain", "not executable"}, true},
		{"not executable in PATH", executor.Command{Args: []string{"plain"}, Env: []string{"PATH=" + inner}}, fault.Missing, []string{"plain", "not executable"}, true},
		{"interpreter", executor.Command{Args: []string{"./nowhere"}}, fault.Missing, []string{"/no/such/interpreter"}, true},
		{"carriage return", executor.Command{Args: []string{"./dos"}}, fault.Missing, []string{"carriage return"}, true},
		{"text", executor.Command{Args: []string{"./text"}}, fault.Missing, []string{"text", "#!"}, true},
		{"folder", executor.Command{Args: []string{"./folder"}}, fault.Forbidden, []string{"folder"}, true},
		{"too big", executor.Command{Args: []string{"sh", "-c", ":", strings.Repeat("x", 200_000)}}, fault.Usage, []string{"argument 3", "200000"}, false},
		{"big variable", executor.Command{Args: []string{"sh"}, Env: []string{"PATH=/bin:/usr/bin", "BIG=" + strings.Repeat("x", 3<<20)}}, fault.Usage, []string{"variable BIG"}, false},
		{"NUL", executor.Command{Args: []string{"sh", "-c", "echo \x00"}}, fault.Usage, []string{"NUL"}, false},
	} {
		if test.file && k.factory.Lacks.SharedFiles {
			continue
		}
		process, err := p.Start(k.Context(), test.cmd)
		if err == nil {
			process.Wait()
			k.Errorf("%s: it started", test.name)
			continue
		}
		if fault.CodeOf(err) != test.code {
			k.Errorf("%s: code %q, not %q: %v", test.name, fault.CodeOf(err), test.code, err)
		}
		for _, word := range test.says {
			if !strings.Contains(err.Error(), word) {
				k.Errorf("%s: %q does not say %q", test.name, err, word)
			}
		}
	}
	ctx, cancel := context.WithCancel(k.Context())
	cancel()
	if _, err := p.Start(ctx, shell(p, `true`)); err == nil {
		k.Error("a command started after its context was cancelled")
	}
	if n := p.Processes(); n != 0 {
		k.Errorf("%d processes after commands that could not start", n)
	}
}

func testFiles(k *kit) {
	p := k.place()
	defer k.close(p)
	host, inner := p.Dirs().Host, p.Dirs().Inner
	for _, dir := range []struct{ host, inner string }{
		{host.Workspace, inner.Workspace}, {host.Temp, inner.Temp}, {host.Home, inner.Home},
	} {
		k.write(filepath.Join(dir.host, "in"), "from here", 0o644)
		if got := k.output(p, `cat "$1/in"; printf 'from there' >"$1/out"`, dir.inner); got != "from here" {
			k.Errorf("the command read %q", got)
		}
		got, err := os.ReadFile(filepath.Join(dir.host, "out"))
		if err != nil || string(got) != "from there" {
			k.Errorf("we read %q, %v", got, err)
		}
	}
}

// testBusyScripts runs scripts just written while other goroutines fork: a
// fork that still holds the file open for writing makes the kernel say "text
// file busy".
func testBusyScripts(k *kit) {
	p := k.place()
	defer k.close(p)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 25 {
				name := fmt.Sprintf("script-%d-%d", worker, i)
				script := "#!/bin/sh\necho " + name + "\n"
				if err := os.WriteFile(filepath.Join(p.Dirs().Host.Temp, name), []byte(script), 0o755); err != nil {
					k.Error(err)
					return
				}
				out, err := capture(k.Context(), p, executor.Command{Args: []string{filepath.Join(p.Dirs().Inner.Temp, name)}, Env: env(p)})
				if err != nil || out != name+"\n" {
					k.Errorf("%s printed %q, %v", name, out, err)
				}
			}
		})
	}
	wg.Wait()
}

// capture runs a command and returns its output, for goroutines that may not
// fail the test themselves.
func capture(ctx context.Context, p executor.Place, cmd executor.Command) (string, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer read.Close()
	cmd.Output = write
	process, err := p.Start(ctx, cmd)
	write.Close()
	if err != nil {
		return "", err
	}
	var output bytes.Buffer
	if _, err := output.ReadFrom(read); err != nil {
		return "", err
	}
	status, err := process.Wait()
	if err == nil && status.Code != 0 {
		err = fmt.Errorf("ended with %+v", status)
	}
	return output.String(), err
}

func testParallel(k *kit) {
	var wg sync.WaitGroup
	for i := range 4 {
		p := k.place()
		defer k.close(p)
		for j := range 16 {
			wg.Go(func() {
				want := fmt.Sprintf("%d-%d\n", i, j)
				out, err := capture(k.Context(), p, shell(p, `echo "$1"`, strings.TrimSpace(want)))
				if err != nil || out != want {
					k.Errorf("printed %q, not %q (%v)", out, want, err)
				}
			})
		}
	}
	wg.Wait()
}
