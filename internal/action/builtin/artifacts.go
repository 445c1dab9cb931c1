package builtin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"slipway/internal/fault"
)

// Artifacts is what actions/upload-artifact uploads and actions/download-artifact
// downloads: files in folders, one for each artifact of a run. What is under way
// is in a folder of this process's own, whose lock tells other processes that it
// is alive; an artifact comes to its place whole, by a rename. It is safe for
// concurrent use. Touches no disk before the first upload.
type Artifacts struct {
	dir  string
	keep bool // DIR/<run>/<artifact> outlives the process; else everything is in the work folder

	mu   sync.Mutex
	work *workFolder // nil before the first upload
	runs map[string]map[string]*artifact
	last int // id
}

// artifact is one that is there, or reserved.
type artifact struct {
	contents
	id   int
	name string
	dir  string // its folder
	raw  bool   // uploaded with archive: false
	done bool   // false while it is being uploaded
}

// NewArtifacts keeps artifacts in the folder dir, an absolute path, as
// dir/<run id>/<artifact name>/…; without keep Close removes them.
func NewArtifacts(dir string, keep bool) *Artifacts {
	return &Artifacts{dir: dir, keep: keep, runs: map[string]map[string]*artifact{}}
}

// Sweep removes what dead processes left under way in the folder.
func (a *Artifacts) Sweep() error {
	entries, err := os.ReadDir(a.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var failed error
	for _, entry := range entries {
		if entry.IsDir() && strings.HasPrefix(entry.Name(), workPrefix) {
			failed = errors.Join(failed, sweepWork(filepath.Join(a.dir, entry.Name())))
		}
	}
	return errors.Join(err, failed)
}

// Close removes what is not to be kept. No upload or download may be under way.
func (a *Artifacts) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.work == nil {
		return nil
	}
	err := a.work.remove()
	a.work = nil
	if !a.keep {
		clear(a.runs)
	}
	return err
}

// begin makes the work folder, and the folder itself when it is missing. When that
// lies in a repository, what we make there isn't part of it: a checkout of the
// working tree, by a later job or run, would copy it.
func (a *Artifacts) begin() error {
	if a.work != nil {
		return nil
	}
	_, err := os.Stat(a.dir)
	missing := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(a.dir, 0o755); err != nil {
		return err
	}
	if a.work, err = makeWork(a.dir); err != nil || !a.keep {
		return err
	}
	if missing {
		err = ignore(a.dir)
	}
	return errors.Join(err, ignore(a.work.path))
}

// ignore keeps a folder out of git's sight.
func ignore(dir string) error {
	return os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o644)
}

// reserve takes a name for an artifact that will be uploaded, and a folder for
// its files on their way. With overwrite it may replace one that is there. Errors:
// fault.Conflict when there is one, fault.Internal.
func (a *Artifacts) reserve(run, name string, overwrite bool) (*upload, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.runs[run][name]
	if old != nil && !(overwrite && old.done) {
		return nil, fault.New(fault.Conflict, "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an artifact with this name already exists on the workflow run")
	}
	if err := a.begin(); err != nil {
		return nil, fault.New(fault.Internal, "make a folder for artifacts: %w", err)
	}
	a.last++
	u := &upload{store: a, run: run, replaces: old, partial: filepath.Join(a.work.path, fmt.Sprintf("upload-%d", a.last))}
	if err := os.Mkdir(u.partial, 0o755); err != nil {
		return nil, fault.New(fault.Internal, "make a folder for artifact %s: %w", name, err)
	}
	home := a.dir
	if !a.keep {
		home = a.work.path
	}
	u.artifact = &artifact{id: a.last, name: name, dir: filepath.Join(home, run, name)}
	if a.runs[run] == nil {
		a.runs[run] = map[string]*artifact{}
	}
	a.runs[run][name] = u.artifact
	return u, nil
}

// list is the artifacts of a run that are there, oldest first.
func (a *Artifacts) list(run string) []artifact {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []artifact
	for _, x := range a.runs[run] {
		if x.done {
			out = append(out, *x)
		}
	}
	slices.SortFunc(out, func(x, y artifact) int { return cmp.Compare(x.id, y.id) })
	return out
}

// open opens an artifact's folder; it can be read to its end even when the
// artifact is replaced meanwhile. Errors: fault.NotFound.
func (a *Artifacts) open(run string, x artifact) (*os.Root, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.runs[run][x.name]; now == nil || now.id != x.id {
		return nil, fault.New(fault.NotFound, "artifact %s (ID: %d) was replaced", x.name, x.id)
	}
	root, err := os.OpenRoot(x.dir)
	if err != nil {
		return nil, fault.New(fault.NotFound, "artifact %s is no longer there: %w", x.name, err)
	}
	return root, nil
}

// upload is an artifact on its way in. It ends with finish or abandon.
type upload struct {
	*artifact
	store    *Artifacts
	run      string
	partial  string    // the folder its files are in until finish
	replaces *artifact // which is there until finish; may be nil
}

// fill copies the files in.
func (u *upload) fill(ctx context.Context, files map[string]string) error {
	to, err := os.OpenRoot(u.partial)
	if err != nil {
		return err
	}
	defer to.Close()
	names := slices.Sorted(maps.Keys(files))
	u.contents, err = copyFiles(ctx, names, func(name string) (*os.File, error) {
		return os.OpenFile(files[name], os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	}, to)
	return err
}

// finish puts the artifact in its place. One that it replaces goes to the work
// folder, for those who are still reading it.
func (u *upload) finish() error {
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(u.dir), 0o755); err != nil {
		return fault.New(fault.Internal, "keep artifact %s: %w", u.name, err)
	}
	if u.replaces != nil {
		if err := os.Rename(u.dir, fmt.Sprintf("%s-replaced", u.partial)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Internal, "replace artifact %s: %w", u.name, err)
		}
	}
	if err := os.Rename(u.partial, u.dir); err != nil {
		return fault.New(fault.Internal, "keep artifact %s: %w", u.name, err)
	}
	u.done = true
	return nil
}

// abandon gives up an upload that isn't finished; what it was to replace stays.
func (u *upload) abandon() error {
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	if u.done {
		return nil
	}
	if u.replaces != nil {
		u.store.runs[u.run][u.name] = u.replaces
	} else {
		delete(u.store.runs[u.run], u.name)
	}
	return os.RemoveAll(u.partial)
}
