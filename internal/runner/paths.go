package runner

import (
	"strings"

	"slipway/internal/executor"
)

// paths translates between what commands call a file and what we call it.
type paths executor.Dirs

// same reports whether the two are the same everywhere.
func (p paths) same() bool { return p.Inner == p.Host }

// translator is host, or nil where there is nothing to translate.
func (p paths) translator() func(inner string) string {
	if p.same() {
		return nil
	}
	return p.host
}

// host is where we find what the job calls path; a path outside the place's
// folders is returned as it is.
func (p paths) host(path string) string { return move(path, p.Inner, p.Host) }

// inner is what commands call a file of ours.
func (p paths) inner(path string) string { return move(path, p.Host, p.Inner) }

// move finds path in one layout and names it in the other. Actions come
// first: their folder may lie inside another one.
func move(path string, from, to executor.Layout) string {
	for _, folder := range [...][2]string{
		{from.Actions, to.Actions}, {from.ToolCache, to.ToolCache}, {from.Workspace, to.Workspace},
		{from.Temp, to.Temp}, {from.Home, to.Home},
	} {
		rest, ok := strings.CutPrefix(path, folder[0])
		if ok && folder[0] != "" && (rest == "" || rest[0] == '/') {
			return folder[1] + rest
		}
	}
	return path
}
