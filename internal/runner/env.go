package runner

import (
	"maps"
	"slices"
	"strings"

	"slipway/internal/expr"
)

// pair is one variable, input or output in the order it was written.
type pair struct{ key, value string }

// envList is a process environment, "K=V", that is cheap to copy and overlay:
// a copy shares the index of its origin and keeps only the keys it adds.
type envList struct {
	list  []string
	index map[string]int // shared with copies: read-only once copied
	added map[string]int // keys of this copy that index lacks
}

// newEnvList makes a list that copies may share; nothing is set on it after
// the first copy.
func newEnvList(size int) *envList {
	return &envList{list: make([]string, 0, size), index: make(map[string]int, size)}
}

// copyOf returns an independent copy with room for extra more variables.
func (e *envList) copyOf(extra int) *envList {
	list := make([]string, len(e.list), len(e.list)+extra)
	copy(list, e.list)
	return &envList{list: list, index: e.index, added: map[string]int{}}
}

// set sets one variable. What no process could be given is left out: a key
// that is empty or holds '=' or NUL; a value ends at its first NUL.
func (e *envList) set(key, value string) {
	if key == "" || strings.ContainsAny(key, "=\x00") {
		return
	}
	if end := strings.IndexByte(value, 0); end >= 0 {
		value = value[:end]
	}
	entry := key + "=" + value
	if at, ok := e.position(key); ok {
		e.list[at] = entry
		return
	}
	if e.added != nil {
		e.added[key] = len(e.list)
	} else {
		e.index[key] = len(e.list)
	}
	e.list = append(e.list, entry)
}

// get returns a variable's value, "" when it is not set.
func (e *envList) get(key string) string {
	if at, ok := e.position(key); ok {
		return e.list[at][len(key)+1:]
	}
	return ""
}

func (e *envList) has(key string) bool {
	_, ok := e.position(key)
	return ok
}

func (e *envList) position(key string) (int, bool) {
	if at, ok := e.index[key]; ok {
		return at, true
	}
	at, ok := e.added[key]
	return at, ok
}

// environ is the environment that steps share and change: workflow and job
// `env`, what GITHUB_ENV added since, and GITHUB_PATH. One goroutine at a
// time uses it; a background step gets a fork whose changes are merged when
// somebody waits for it.
type environ struct {
	outside *outside
	keys    []string
	vars    map[string]string
	paths   []string // GITHUB_PATH in the order added: the last one comes first in PATH

	changes []change // what a fork did to itself, for merge; nil on the job's own
	fork    bool

	process *envList // cached until something changes
}

// change is one write to a fork; path is set for GITHUB_PATH.
type change struct{ key, value, path string }

// outside is what every command of the job gets whatever the workflow says:
// the place's own variables below it and GITHUB_*, RUNNER_* above it.
type outside struct {
	place map[string]string
	fixed []pair // win over workflow, job and step env, as on GitHub
	names map[string]bool
}

func newOutside(place map[string]string, fixed []pair) *outside {
	names := make(map[string]bool, len(fixed))
	for _, f := range fixed {
		names[f.key] = true
	}
	return &outside{place: place, fixed: fixed, names: names}
}

func newEnviron(o *outside) *environ {
	return &environ{outside: o, vars: map[string]string{}}
}

// forked returns a copy that remembers what is done to it.
func (e *environ) forked() *environ {
	return &environ{
		outside: e.outside, keys: slices.Clone(e.keys), vars: maps.Clone(e.vars),
		paths: slices.Clone(e.paths), fork: true, process: e.process,
	}
}

// merge does to e what was done to a fork since it was made.
func (e *environ) merge(fork *environ) {
	for _, c := range fork.changes {
		if c.path != "" {
			e.addPath(c.path)
		} else {
			e.set(c.key, c.value)
		}
	}
	fork.changes = nil
}

func (e *environ) set(key, value string) {
	if _, ok := e.vars[key]; !ok {
		e.keys = append(e.keys, key)
	}
	e.vars[key] = value
	e.process = nil
	if e.fork {
		e.changes = append(e.changes, change{key: key, value: value})
	}
}

// addPath puts one folder in front of PATH; adding it again moves it there.
func (e *environ) addPath(path string) {
	e.paths = append(slices.DeleteFunc(e.paths, func(p string) bool { return p == path }), path)
	e.process = nil
	if e.fork {
		e.changes = append(e.changes, change{path: path})
	}
}

// prefix is what stands before PATH, "" when nothing does.
func (e *environ) prefix() string {
	if len(e.paths) == 0 {
		return ""
	}
	reversed := slices.Clone(e.paths)
	slices.Reverse(reversed)
	return strings.Join(reversed, ":")
}

// searchPath is the PATH in which shells are looked up. As on GitHub a `PATH`
// in `env:` has no say in it (actions/runner WhichUtil.cs).
func (e *environ) searchPath() string {
	return joinPath(e.prefix(), e.outside.place["PATH"])
}

func joinPath(prefix, path string) string {
	switch {
	case prefix == "":
		return path
	case path == "":
		return prefix
	}
	return prefix + ":" + path
}

// commandEnv returns the environment of a command that sees step on top of
// the shared one; the caller adds to it what only that command gets.
func (e *environ) commandEnv(step []pair, room int) *envList {
	if e.process == nil {
		e.process = e.build()
	}
	list := e.process.copyOf(len(step) + room)
	for _, v := range step {
		switch {
		case e.outside.names[v.key]: // GITHUB_* and RUNNER_* can't be overridden
		case v.key == "PATH":
			list.set("PATH", joinPath(e.prefix(), v.value))
		default:
			list.set(v.key, v.value)
		}
	}
	return list
}

func (e *environ) build() *envList {
	o := e.outside
	list := newEnvList(len(o.place) + len(e.keys) + len(o.fixed) + 2)
	for _, k := range slices.Sorted(maps.Keys(o.place)) {
		list.set(k, o.place[k])
	}
	for _, k := range e.keys {
		list.set(k, e.vars[k])
	}
	if prefix := e.prefix(); prefix != "" {
		list.set("PATH", joinPath(prefix, list.get("PATH")))
	}
	for _, f := range o.fixed {
		list.set(f.key, f.value)
	}
	if !list.has("CI") {
		list.set("CI", "true")
	}
	return list
}

// visible is the env context as pairs: shared variables, then step's over them.
func (e *environ) visible(step []pair) []pair {
	all := make([]pair, 0, len(e.keys)+len(step))
	at := make(map[string]int, len(e.keys)+len(step))
	add := func(k, v string) {
		if i, ok := at[k]; ok {
			all[i].value = v
			return
		}
		at[k] = len(all)
		all = append(all, pair{k, v})
	}
	for _, k := range e.keys {
		add(k, e.vars[k])
	}
	for _, v := range step {
		add(v.key, v.value)
	}
	return all
}

// context is the env context for expressions; names keep their case on Linux.
func (e *environ) context(step []pair) expr.Value {
	object := expr.NewCaseSensitiveObject()
	for _, v := range e.visible(step) {
		object.Set(v.key, expr.String(v.value))
	}
	return expr.FromObject(object)
}
