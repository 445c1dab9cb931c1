package gitrepo

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"slipway/internal/fault"
)

// Clone is the repository that WorkingTree or Export made in a folder.
type Clone struct {
	Dir string
}

// noLFS makes checkouts write what the repository holds of a large file, its
// pointer, as actions/checkout does by default.
var noLFS = []string{"GIT_LFS_SKIP_SMUDGE=1"}

// Sparse leaves in the folder only the files that the patterns name: folders,
// with cone, else patterns as in .gitignore.
func (c Clone) Sparse(ctx context.Context, patterns []string, cone bool) error {
	mode := "--no-cone"
	if cone {
		mode = "--cone"
	}
	_, err := call{dir: c.Dir, env: noLFS, stdin: strings.NewReader(strings.Join(patterns, "\n") + "\n")}.output(ctx, "sparse-checkout", "set", mode, "--stdin")
	return explain(c.Dir, err)
}

// Submodules says which submodules to bring, and from where.
type Submodules struct {
	// Local is the working tree to copy those from that are checked out there;
	// nil: none are.
	Local     *Repo
	Recursive bool
	Depth     int    // as in Checkout
	Server    string // base URL of the server that Token is for; ssh URLs of its host are fetched by http instead
	Token     string
}

// Submodules fills the folders of the submodules.
func (c Clone) Submodules(ctx context.Context, s Submodules) error {
	if _, err := os.Lstat(filepath.Join(c.Dir, ".gitmodules")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	repo, err := newRepo(c.Dir, filepath.Join(c.Dir, ".git"), false)
	if err != nil {
		return err
	}
	paths, err := repo.Submodules(ctx, "HEAD")
	if err != nil {
		return err
	}
	var missing []string
	for _, path := range paths {
		copied, err := c.copySubmodule(ctx, path, s)
		if err != nil {
			return err
		}
		if !copied {
			missing = append(missing, path)
		}
	}
	if _, err := git(ctx, c.Dir, "submodule", "--quiet", "init"); err != nil {
		return err
	}
	if len(missing) == 0 {
		return nil
	}
	return c.updateSubmodules(ctx, missing, s)
}

// updateSubmodules has git fetch submodules.
func (c Clone) updateSubmodules(ctx context.Context, paths []string, s Submodules) error {
	var args []string
	if u, err := url.Parse(s.Server); err == nil && u.Host != "" {
		args = append(args, "-c", "url."+strings.TrimSuffix(s.Server, "/")+"/.insteadOf=git@"+u.Hostname()+":")
	}
	args = append(args, "-c", "core.hooksPath=/dev/null", "submodule", "--quiet", "update", "--init", "--force")
	if s.Depth > 0 {
		args = append(args, "--depth="+strconv.Itoa(s.Depth))
	}
	if s.Recursive {
		args = append(args, "--recursive")
	}
	args = append(append(args, "--"), paths...)
	_, err := Remote{URL: s.Server, Token: s.Token}.call(ctx, call{dir: c.Dir, env: noLFS}, args...)
	return err
}

// copySubmodule copies a submodule that the local working tree has, as it has it.
func (c Clone) copySubmodule(ctx context.Context, path string, s Submodules) (copied bool, err error) {
	if s.Local == nil {
		return false, nil
	}
	from := filepath.Join(s.Local.Root(), path)
	if _, err := os.Lstat(filepath.Join(from, ".git")); err != nil {
		return false, nil // not checked out: left to git
	}
	sub, err := Open(from)
	if err != nil {
		return false, err
	}
	origin, err := sub.RemoteURL(ctx)
	if err != nil {
		return false, err
	}
	to := Clone{Dir: filepath.Join(c.Dir, path)}
	if err := sub.WorkingTree(ctx, Checkout{Dst: to.Dir, Depth: s.Depth, Origin: origin}); err != nil {
		return false, err
	}
	if s.Recursive {
		s.Local = sub
		return true, to.Submodules(ctx, s)
	}
	return true, nil
}

// LFS replaces pointers by the large files they stand for.
func (c Clone) LFS(ctx context.Context, server, token string) error {
	_, err := Remote{URL: server, Token: token}.call(ctx, call{dir: c.Dir}, "lfs", "pull")
	if says(err, "'lfs' is not a git command") {
		return fault.New(fault.Missing, "git-lfs is needed for `lfs: true` and is not installed: install git-lfs")
	}
	return err
}

// Forget removes the token that the repository keeps for a server's host.
func (c Clone) Forget(ctx context.Context, server string) error {
	key, _ := AuthHeader(server, "any")
	if _, err := os.Stat(filepath.Join(c.Dir, ".git", "config")); key == "" || err != nil {
		return nil // no repository is left, or no token can be in it
	}
	_, err := git(ctx, c.Dir, "config", "--local", "--unset-all", key)
	if exitCode(err) == 5 { // there is none
		return nil
	}
	return explain(c.Dir, err)
}
