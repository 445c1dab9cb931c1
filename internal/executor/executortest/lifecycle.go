package executortest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"slipway/internal/executor"
)

func testFolders(k *kit) {
	p, q := k.place(), k.place()
	defer k.close(q)
	defer k.close(p)
	host, other := p.Dirs().Host, q.Dirs().Host
	for _, dir := range []struct{ name, path, others string }{
		{"Workspace", host.Workspace, other.Workspace},
		{"Temp", host.Temp, other.Temp},
		{"Home", host.Home, other.Home},
	} {
		if !filepath.IsAbs(dir.path) {
			k.Errorf("%s is %q, not absolute", dir.name, dir.path)
		}
		if dir.path == dir.others {
			k.Errorf("two places share the %s %s", dir.name, dir.path)
		}
		if names := k.sorted(dir.path); len(names) > 0 {
			k.Errorf("%s holds %q at the start", dir.name, names)
		}
	}
	if !strings.HasSuffix(p.Dirs().Inner.Workspace, "/hello.world/hello.world") {
		k.Errorf("the workspace of octo-org/hello.world is %s, not …/hello.world/hello.world", p.Dirs().Inner.Workspace)
	}
	if host.ToolCache != other.ToolCache || host.Actions != other.Actions {
		k.Errorf("places do not share the tool cache and the actions: %v and %v", host, other)
	}
	for _, shared := range []string{host.ToolCache, host.Actions} {
		if st, err := os.Stat(shared); err != nil || !st.IsDir() {
			k.Errorf("a shared folder is missing: %v", err)
		}
	}
	if strings.HasPrefix(host.Home+"/", host.Temp+"/") || strings.HasPrefix(host.Home+"/", host.Workspace+"/") {
		k.Errorf("Home %s lies in a folder of the job", host.Home)
	}
}

func testEnvironment(k *kit) {
	p := k.place()
	defer k.close(p)
	if p.Env()["PATH"] == "" {
		k.Error("no PATH")
	}
	p.Env()["PATH"] = "changed"
	if p.Env()["PATH"] == "changed" {
		k.Error("the caller can change the place's environment")
	}
}

func testPrepareRefuses(k *kit) {
	for _, job := range []string{"", "a/b", "a b", "../a", "a\x00"} {
		spec := k.spec()
		spec.Job = job
		if p, err := k.ex.Prepare(k.Context(), spec); err == nil {
			k.Errorf("a job named %q got a place", job)
			k.close(p)
		}
	}
	spec := k.spec()
	spec.Repo = "owner/.."
	p := k.prepare(spec)
	defer k.close(p)
	if rel, err := filepath.Rel(k.root, p.Dirs().Host.Workspace); err == nil && strings.HasPrefix(rel, "..") {
		k.Errorf("a repository's name leads the workspace to %s", p.Dirs().Host.Workspace)
	}
}

func testPrepareCancelled(k *kit) {
	ctx, cancel := context.WithCancel(k.Context())
	cancel()
	if _, err := k.ex.Prepare(ctx, k.spec()); !errors.Is(err, context.Canceled) {
		k.Errorf("prepare returned %v", err)
	}
	k.close(k.place())
	// Cancelled meanwhile: a place or the context's error, and nothing left of it.
	for range 20 {
		ctx, cancel := context.WithCancel(k.Context())
		go cancel()
		p, err := k.ex.Prepare(ctx, k.spec())
		switch {
		case err == nil:
			k.close(p)
		case !errors.Is(err, context.Canceled):
			k.Errorf("prepare returned %v", err)
		}
	}
}

// traces lists what a folder holds; in Home empty plain files are none.
func (k *kit) traces(dir string, home bool) []string {
	return slices.DeleteFunc(k.sorted(dir), func(name string) bool {
		st, err := os.Lstat(filepath.Join(dir, name))
		return home && err == nil && st.Mode() == 0o644 && st.Size() == 0
	})
}

// testNextPlace leaves every kind of trace in a place, and looks for it in the
// next ones: an executor may use folders again.
func testNextPlace(k *kit) {
	spoil := `echo x >file; mkdir -p a/b; ln -s / link; mkfifo fifo; chmod 711 .; touch "$1/t" "$2/h" "$2/.hidden"; echo secret >"$2/full"; ln "$2/h" "$2/twice"; chmod 600 "$2/.hidden"; ln -s / "$2/link"
		mkdir "$1/../more"; chmod 1777 "$2"; touch -d 2001-01-01 .`
	var seen []string
	for range 4 {
		p := k.place()
		host := p.Dirs().Host
		for _, dir := range []string{host.Workspace, host.Temp, host.Home} {
			st, err := os.Lstat(dir)
			if err != nil {
				k.Fatal(err)
			}
			if st.Mode() != os.ModeDir|0o755 {
				k.Errorf("%s has mode %s", dir, st.Mode())
			}
			if names := k.traces(dir, dir == host.Home); len(names) > 0 {
				k.Errorf("%s holds %q after another place", dir, names)
			}
		}
		around := k.sorted(filepath.Dir(host.Temp))
		if seen != nil && len(around) != len(seen) {
			k.Errorf("beside Temp: %q, before %q", around, seen)
		}
		seen = around
		k.output(p, spoil, p.Dirs().Inner.Temp, p.Dirs().Inner.Home)
		k.close(p)
	}
	p := k.place()
	k.output(p, `w=$PWD; cd /; rm -r "$w"; ln -s /etc "$w"`)
	k.close(p)
	p = k.place()
	defer k.close(p)
	if st, err := os.Lstat(p.Dirs().Host.Workspace); err != nil || !st.IsDir() {
		k.Errorf("a job made its workspace a link, and the next one has it: %v, %v", st, err)
	}
	spec := k.spec()
	spec.Repo = "octo-org/another"
	q := k.prepare(spec)
	defer k.close(q)
	if got := k.output(q, `pwd; ls -A`); !strings.HasSuffix(got, "/another/another\n") {
		k.Errorf("the workspace of another repository: %q", got)
	}
}

func testKeep(k *kit) {
	spec := k.spec()
	spec.Keep = true
	for range 2 { // also twice for the same job
		p := k.prepare(spec)
		k.output(p, `echo kept >file`)
		dirs := p.Dirs().Host
		k.close(p)
		data, err := os.ReadFile(filepath.Join(dirs.Workspace, "file"))
		if err != nil || string(data) != "kept\n" {
			k.Errorf("the workspace was not kept: %q, %v", data, err)
		}
		if _, err := k.ex.Sweep(k.Context()); err != nil {
			k.Errorf("sweep: %v", err)
		}
		if _, err := os.Stat(filepath.Join(dirs.Workspace, "file")); err != nil {
			k.Errorf("a sweep removed what was kept: %v", err)
		}
	}
	entries, err := os.ReadDir(k.root)
	if err != nil {
		k.Fatal(err)
	}
	kept := 0
	for _, entry := range entries {
		if strings.Contains(entry.Name(), spec.Job) {
			kept++
		}
		if path := filepath.Join(k.root, entry.Name()); strings.Contains(path, spec.Job) {
			if err := os.RemoveAll(path); err != nil {
				k.Fatal(err)
			}
		}
	}
	if kept != 2 {
		k.Errorf("%d folders under the state folder are named for the job, not 2", kept)
	}
}

func testClose(k *kit) {
	p := k.place()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			cancel() // must not matter
			if err := p.Close(ctx); err != nil {
				k.Errorf("close: %v", err)
			}
		})
	}
	wg.Wait()
	k.close(p)
	if _, err := p.Start(k.Context(), shell(p, `true`)); err == nil {
		k.Error("a closed place starts commands")
	}
	if n := p.Processes(); n != 0 {
		k.Errorf("a closed place has %d processes", n)
	}
}

func testExecutorClose(k *kit) {
	k.close(k.place())
	ex := k.executor()
	p, err := ex.Prepare(k.Context(), k.spec())
	if err != nil {
		k.Fatal(err)
	}
	token := k.token()
	k.output(p, `setsid sleep "$1" >/dev/null 2>&1 &`, token)
	k.alive(token, 1)
	for range 2 {
		if err := ex.Close(); err != nil {
			k.Errorf("close: %v", err)
		}
	}
	k.gone(token)
	if _, err := ex.Prepare(k.Context(), k.spec()); err == nil {
		k.Error("a closed executor makes places")
	}
	if _, err := p.Start(k.Context(), executor.Command{Args: []string{"true"}}); err == nil {
		k.Error("a place of a closed executor starts commands")
	}
}
