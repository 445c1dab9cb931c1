package local

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/engine"
	"slipway/internal/fault"
)

// calledFiles finds the reusable workflows that one workflow calls, and
// remembers where those of other repositories came from.
type calledFiles struct {
	ctx     context.Context // of the Prepare that reads the workflow
	plan    *Plan
	sources map[string]engine.Source // by reference as written
	roots   map[string]string        // by the name of a file fetched: the folder of its repository
}

func newCalledFiles(ctx context.Context, p *Plan) *calledFiles {
	return &calledFiles{ctx: ctx, plan: p, sources: map[string]engine.Source{}, roots: map[string]string{}}
}

// find is workflow.Options.Called.
func (c *calledFiles) find(ref, from string) (file string, data []byte, err error) {
	if path, ok := strings.CutPrefix(ref, "./"); ok {
		return c.beside(path, from)
	}
	return c.fetch(ref)
}

// beside reads a file of the repository that the calling file is in.
func (c *calledFiles) beside(path, from string) (string, []byte, error) {
	root, name := c.plan.repo.Root(), path
	if fetched, ok := c.roots[from]; ok {
		root = fetched
		if _, ref, ok := strings.Cut(from, "@"); ok {
			owner, repo, _ := strings.Cut(from, "/")
			repo, _, _ = strings.Cut(repo, "/")
			name = owner + "/" + repo + "/" + path + "@" + ref
			c.roots[name] = root
		}
	}
	if !filepath.IsLocal(path) {
		return "", nil, fault.New(fault.Invalid, "%s leads out of the repository", path)
	}
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
	if err != nil {
		return "", nil, fault.New(fault.NotFound, "the workflow %s is not in the repository: %w", path, err)
	}
	return name, data, nil
}

// fetch reads owner/repo/path@ref from a mirror or github.com.
func (c *calledFiles) fetch(ref string) (string, []byte, error) {
	place, version, _ := strings.Cut(ref, "@")
	parts := strings.SplitN(place, "/", 3)
	if len(parts) != 3 || version == "" {
		return "", nil, fault.New(fault.Invalid, "%q is not of the form owner/repo/path@ref", ref)
	}
	fetched, err := c.plan.actions.Repository(c.ctx, parts[0]+"/"+parts[1], version)
	if err != nil {
		return "", nil, err
	}
	data, err := os.ReadFile(filepath.Join(fetched.Dir, filepath.FromSlash(parts[2])))
	if err != nil {
		return "", nil, fault.New(fault.NotFound, "%s@%s has no workflow %s", parts[0]+"/"+parts[1], version, parts[2])
	}
	c.roots[ref] = fetched.Dir
	c.sources[ref] = engine.Source{Repository: parts[0] + "/" + parts[1], Ref: version, SHA: fetched.Commit, Path: parts[2]}
	return ref, data, nil
}
