package runner

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"slipway/internal/executor"
	"slipway/internal/fault"
)

// runtime is a Node.js that was found; path is an inner path.
type runtime struct {
	path  string
	major int
}

// nodeFinder finds the Node.js an action runs on: in Deps.Externals, the tool
// cache, or the PATH of the place. It starts `node --version` at most once for
// each binary of this machine, not for each job.
type nodeFinder struct {
	job *jobRun

	mu    sync.Mutex
	found map[int]string // by wanted version
}

func newNodeFinder(j *jobRun) *nodeFinder {
	return &nodeFinder{job: j, found: map[int]string{}}
}

// find returns the path of the wanted version or the next higher one.
func (f *nodeFinder) find(ctx context.Context, major int) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if path, ok := f.found[major]; ok {
		return path, nil
	}
	runtimes := append(f.externals(), f.toolCache()...)
	if !slices.ContainsFunc(runtimes, func(r runtime) bool { return r.major == major }) {
		onPath, err := f.onPath(ctx)
		if err != nil {
			return "", err
		}
		runtimes = append(runtimes, onPath...)
	}
	slices.SortStableFunc(runtimes, func(a, b runtime) int { return cmp.Compare(a.major, b.major) })
	for _, r := range runtimes {
		if r.major >= major {
			f.found[major] = r.path
			return r.path, nil
		}
	}
	return "", fault.New(fault.Missing, "it needs Node.js %d or newer, and %s: install Node.js %d, or put it into the tool cache (%s/node/%d.x.y/%s)",
		major, describe(runtimes), major, f.job.dirs.Inner.ToolCache, major, f.arch())
}

// describe says what was found instead.
func describe(runtimes []runtime) string {
	if len(runtimes) == 0 {
		return "no node was found in PATH or the tool cache"
	}
	last := runtimes[len(runtimes)-1]
	return fmt.Sprintf("the newest found is %d (%s)", last.major, last.path)
}

func (f *nodeFinder) arch() string {
	return cmp.Or(strings.ToLower(f.job.job.Runner.Arch), "x64")
}

// externals are the runtimes that came with the runner.
func (f *nodeFinder) externals() []runtime {
	if f.job.deps.Externals == "" {
		return nil
	}
	entries, err := os.ReadDir(f.job.deps.Externals)
	if err != nil {
		return nil
	}
	var out []runtime
	for _, entry := range entries {
		version, ok := strings.CutPrefix(entry.Name(), "node")
		file := filepath.Join(f.job.deps.Externals, entry.Name(), "bin", "node")
		if info, err := os.Stat(file); ok && err == nil && info.Mode().IsRegular() && majorOf(version) > 0 {
			out = append(out, runtime{f.job.dirs.inner(file), majorOf(version)})
		}
	}
	return out
}

// toolCache are the runtimes that actions/setup-node keeps, the newest of each version first.
func (f *nodeFinder) toolCache() []runtime {
	root := filepath.Join(f.job.dirs.Host.ToolCache, "node")
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return -compareVersions(a.Name(), b.Name()) })
	var out []runtime
	for _, entry := range entries {
		file := filepath.Join(root, entry.Name(), f.arch(), "bin", "node")
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			out = append(out, runtime{f.job.dirs.inner(file), majorOf(entry.Name())})
		}
	}
	return out
}

// onPath is the node of the place's PATH.
func (f *nodeFinder) onPath(ctx context.Context) ([]runtime, error) {
	path := f.job.top.env.outside.place["PATH"]
	if !f.job.shells.visible {
		major, err := f.ask(ctx, "node")
		if fault.CodeOf(err) == fault.Missing {
			return nil, nil
		}
		return []runtime{{"node", major}}, err
	}
	var out []runtime
	known := f.readVersions()
	for dir := range strings.SplitSeq(path, ":") {
		file := searchPath("node", dir)
		if file == "" {
			continue
		}
		info, err := os.Stat(file)
		if err != nil {
			continue
		}
		seen := nodeVersion{Modified: info.ModTime(), Size: info.Size()}
		old, ok := known[file]
		if ok && old.Modified.Equal(seen.Modified) && old.Size == seen.Size {
			out = append(out, runtime{file, old.Major})
			continue
		}
		if seen.Major, err = f.ask(ctx, file); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			f.job.deps.Log.InfoContext(ctx, "passing over a node that doesn't tell its version", "path", file, "error", err)
			continue
		}
		known[file] = seen
		f.writeVersions(ctx, known)
		out = append(out, runtime{file, seen.Major})
	}
	return out, nil
}

// nodeVersion is what is remembered of a binary.
type nodeVersion struct {
	Modified time.Time `json:"modified"`
	Size     int64     `json:"size"`
	Major    int       `json:"major"`
}

func (f *nodeFinder) versionsFile() string {
	return filepath.Join(f.job.deps.State, "node-versions.json")
}

// readVersions returns what is remembered; a file that is missing or can't be
// read is nothing.
func (f *nodeFinder) readVersions() map[string]nodeVersion {
	known := map[string]nodeVersion{}
	if f.job.deps.State == "" {
		return known
	}
	data, err := os.ReadFile(f.versionsFile())
	if err != nil || json.Unmarshal(data, &known) != nil || known == nil {
		return map[string]nodeVersion{}
	}
	return known
}

// writeVersions remembers versions; two jobs may do so at once.
func (f *nodeFinder) writeVersions(ctx context.Context, known map[string]nodeVersion) {
	if f.job.deps.State == "" {
		return
	}
	if err := replaceFile(f.versionsFile(), known); err != nil {
		f.job.deps.Log.WarnContext(ctx, "remember the version of node", "error", err)
	}
}

func replaceFile(path string, content any) error {
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// askTimeout is how long a node may take to tell its version.
const askTimeout = 10 * time.Second

// ask runs `node --version` in the place and returns the major version.
func (f *nodeFinder) ask(ctx context.Context, path string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var said []byte
	env := f.job.top.env.commandEnv(nil, 0)
	command := executor.Command{Args: []string{path, "--version"}, Env: env.list}
	code, err := f.job.processes.runInto(ctx, command, func(from io.Reader) (err error) {
		said, err = io.ReadAll(io.LimitReader(from, 100)) // no more is a version
		return err
	})
	if err != nil {
		return 0, err
	}
	version, ok := bytes.CutPrefix(bytes.TrimSpace(said), []byte("v"))
	major := majorOf(string(version))
	if code != 0 || !ok || major == 0 {
		return 0, fault.New(fault.Missing, "%s --version printed %q", path, said)
	}
	return major, nil
}

// majorOf is the first number of a version, 0 when there is none.
func majorOf(version string) int {
	first, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return major
}

// compareVersions compares dotted versions number by number.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		if c := cmp.Compare(majorOf(x[i]), majorOf(y[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
