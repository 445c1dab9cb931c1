package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// manyFiles is an action that takes a while to unpack.
func manyFiles() map[string]string {
	files := map[string]string{"action.yml": nodeAction}
	for i := range 120 {
		files[fmt.Sprintf("lib/%d/%d.js", i%10, i)] = strings.Repeat(fmt.Sprintln(i), 100)
	}
	return files
}

// whole checks that an unpacked action has every file, with its content.
func whole(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Fatalf("%s is not as published (%v)", name, err)
		}
	}
}

func TestResolutionsAtOnce(t *testing.T) {
	w := newWorld(t)
	files := manyFiles()
	w.publish("srv/acme/tool", files)
	var group sync.WaitGroup
	errs := make([]error, 12)
	finders := []*Finder{w.finder(w.config(), Config{}), w.finder(w.config(), Config{}), w.finder(w.config(), Config{})} // as three processes
	for i := range errs {
		group.Go(func() {
			a, err := finders[i%len(finders)].Resolve(t.Context(), Use{Ref: "acme/tool@main"}, io.Discard)
			if err == nil {
				whole(t, a.Dir, files)
			}
			errs[i] = err
		})
	}
	group.Wait()
	noError(t, errors.Join(errs...))
}

func TestHalfMadeFoldersAreNeverUsed(t *testing.T) {
	w := newWorld(t)
	files := manyFiles()
	sha := w.publish("srv/acme/tool", files)
	// Killed while it unpacked, and killed between the renaming and the marker.
	w.write("cache/actions/acme/tool/"+tempPrefix+"1", map[string]string{"action.yml": "half"})
	w.write("cache/actions/acme/tool/"+sha, map[string]string{"action.yml": "half"})
	a, _, err := w.resolve(w.finder(w.config(), Config{}), "acme/tool@main")
	noError(t, err)
	whole(t, a.Dir, files)
	// The marker without the folder: somebody removed it.
	noError(t, os.RemoveAll(a.Dir))
	a, _, err = w.resolve(w.finder(w.config(), Config{}), "acme/tool@main")
	noError(t, err)
	whole(t, a.Dir, files)
	left, err := filepath.Glob(w.path("cache/actions/acme/tool/" + tempPrefix + "*"))
	noError(t, err)
	equal(t, "temporary folders", len(left), 0)
}

// TestKilledResolutions kills processes that resolve, at all sorts of moments,
// and checks that what the next one gets is whole.
func TestKilledResolutions(t *testing.T) {
	w := newWorld(t)
	files := manyFiles()
	w.publish("srv/acme/tool", files)
	self, err := os.Executable()
	noError(t, err)
	for i := range 8 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(4+i*9)*time.Millisecond)
		cmd := exec.CommandContext(ctx, self, "-test.run=^TestHelperResolves$") // killed with SIGKILL when ctx ends
		cmd.Env = append(os.Environ(), "HELPER_RESOLVES="+w.dir)
		out, err := cmd.CombinedOutput()
		if err != nil && ctx.Err() == nil {
			t.Fatalf("the helper failed by itself: %v\n%s", err, out)
		}
		cancel()
		a, _, err := w.resolve(w.finder(w.config(), Config{}), "acme/tool@main")
		noError(t, err)
		whole(t, a.Dir, files)
		noError(t, os.RemoveAll(w.path("cache/actions")))
		if i%2 == 0 {
			noError(t, os.RemoveAll(w.path("cache/git")))
		}
	}
}

// TestHelperResolves is a process of TestKilledResolutions.
func TestHelperResolves(t *testing.T) {
	dir := os.Getenv("HELPER_RESOLVES")
	if dir == "" {
		t.Skip("skipped: only for TestKilledResolutions")
	}
	w := world{t: t, dir: dir}
	_, _, err := w.resolve(w.finder(w.config(), Config{}), "acme/tool@main")
	noError(t, err)
}

func TestFlights(t *testing.T) {
	var f flights[int]
	count := 0
	for range 3 {
		got, err := f.do(t.Context(), "a", func() (int, error) { count++; return count, nil })
		noError(t, err)
		equal(t, "kept", got, 1)
	}
	failure := errors.New("no")
	for range 2 {
		_, err := f.do(t.Context(), "b", func() (int, error) { count++; return 0, failure })
		if !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
	}
	equal(t, "tries", count, 3)

	// One who waits takes over from one who was canceled.
	ctx, cancel := context.WithCancel(t.Context())
	started, result := make(chan struct{}), make(chan int)
	go f.do(ctx, "c", func() (int, error) { close(started); <-ctx.Done(); return 0, ctx.Err() })
	<-started
	go func() {
		got, err := f.do(t.Context(), "c", func() (int, error) { return 7, nil })
		if err != nil {
			got = -1
		}
		result <- got
	}()
	cancel()
	equal(t, "taken over", <-result, 7)
}
