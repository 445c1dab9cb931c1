package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"slipway/internal/fault"
)

// Repo is a local git repository, or a plain folder that stands for one: it has
// no commits, and its files are its working tree. It is safe for concurrent
// use. Its facts are read when first asked for and kept: a Repo is a snapshot.
type Repo struct {
	store
	bare bool
	head lazy[Head]
	tip  lazy[*Commit]
}

// store is where a repository's files lie, and git's own files read there.
type store struct {
	root      string // top of the working tree; the git directory of a bare one
	gitDir    string // of this working tree; "" for a plain folder
	commonDir string // what all working trees of the repository share

	config lazy[config]
	packed lazy[packedRefs]
}

// Open finds the repository that dir lies in. A folder outside any repository
// is one itself, without history: its root is then the nearest folder upwards
// that has .github/workflows, else dir. So is a folder deeper inside a
// repository that has workflows of its own: an example, a template. Errors:
// fault.NotFound when there is no such folder, fault.Forbidden when git refuses
// the repository for belonging to somebody else (safe.directory).
func Open(dir string) (*Repo, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fault.New(fault.NotFound, "the folder %s: %w", dir, err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, fault.New(fault.NotFound, "there is no folder %s: %w", dir, err)
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return nil, fault.New(fault.NotFound, "%s is not a folder", dir)
	}
	for at := dir; ; at = filepath.Dir(at) {
		repo, err := openAt(at)
		if err != nil {
			return nil, err
		}
		if repo != nil {
			return repo, repo.checkOwner()
		}
		if at == dir && hasWorkflows(dir) {
			return &Repo{store: store{root: dir}}, nil
		}
		if at == filepath.Dir(at) {
			return &Repo{store: store{root: plainRoot(dir)}}, nil
		}
	}
}

// openAt returns the repository whose top is at, or nil.
func openAt(at string) (*Repo, error) {
	dot := filepath.Join(at, ".git")
	info, err := os.Stat(dot)
	switch {
	case err == nil && info.IsDir() && isGitDir(dot):
		return newRepo(at, dot, false)
	case err == nil && info.Mode().IsRegular():
		dir, err := readGitFile(dot)
		if err != nil {
			return nil, err
		}
		return newRepo(at, dir, false)
	case isGitDir(at) && filepath.Base(at) != ".git":
		return newRepo(at, at, true)
	}
	return nil, nil
}

func newRepo(root, gitDir string, bare bool) (*Repo, error) {
	common := gitDir
	data, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if err == nil {
		common = join(gitDir, strings.TrimSpace(string(data)))
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Invalid, "the repository at %s can't be read: %w", root, err)
	}
	return &Repo{store: store{root: root, gitDir: gitDir, commonDir: common}, bare: bare}, nil
}

// isGitDir tells a git directory as git does: by its HEAD, objects and refs.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	if _, err := os.Lstat(filepath.Join(dir, "commondir")); err == nil {
		return true
	}
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// readGitFile reads a `.git` file, which names the git directory of a linked
// working tree or a submodule.
func readGitFile(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fault.New(fault.Invalid, "%s can't be read: %w", path, err)
	}
	target, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "gitdir: ")
	dir := join(filepath.Dir(path), target)
	if !ok || !isGitDir(dir) {
		return "", fault.New(fault.Invalid, "%s should name a git directory as `gitdir: PATH`, found %q: is the repository it belongs to gone?",
			path, strings.TrimSpace(string(data)))
	}
	return dir, nil
}

// join joins base and path unless path is absolute.
func join(base, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(base, path)
}

// plainRoot is the nearest folder upwards from dir that has workflows, else dir.
func plainRoot(dir string) string {
	for at := dir; at != filepath.Dir(at); at = filepath.Dir(at) {
		if hasWorkflows(at) {
			return at
		}
	}
	return dir
}

func hasWorkflows(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, ".github", "workflows"))
	return err == nil && info.IsDir()
}

// checkOwner lets git judge a repository of another user. git refuses those
// unless safe.directory allows them; we read files ourselves and must not be
// laxer.
func (r *store) checkOwner() error {
	for _, dir := range []string{r.root, r.gitDir} {
		info, err := os.Stat(dir)
		if err != nil {
			return fault.New(fault.NotFound, "%s: %w", dir, err)
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
			_, err := git(context.Background(), r.root, "rev-parse", "--git-dir")
			return explain(r.root, err)
		}
	}
	return nil
}

// explain turns git's refusals that a person can do something about into
// faults, and leaves other errors alone.
func explain(dir string, err error) error {
	switch {
	case says(err, "detected dubious ownership"):
		return fault.New(fault.Forbidden, "git refuses the repository at %s: it belongs to another user. If you trust it, run: git config --global --add safe.directory %s (%w)", dir, dir, err)
	case says(err, "not a git repository"):
		return fault.New(fault.Invalid, "git does not take %s for a repository: %w", dir, err)
	}
	return err
}

// Root is the top of the working tree; for a bare repository, its git
// directory; for a plain folder, the folder.
func (r *store) Root() string { return r.root }

// IsGit reports whether there is a git repository at all.
func (r *store) IsGit() bool { return r.gitDir != "" }

// IsBare reports whether the repository has no working tree.
func (r *Repo) IsBare() bool { return r.bare }

// Objects is the folder of the repository's objects, which checkouts borrow; ""
// when there is no repository.
func (r *Repo) Objects() string {
	if !r.IsGit() {
		return ""
	}
	return filepath.Join(r.commonDir, "objects")
}

// Config returns the value of a key of the repository's own configuration, or
// "". Sections and keys are lower case: "remote.origin.url".
func (r *Repo) Config(ctx context.Context, key string) (string, error) {
	c, err := r.readConfig(ctx)
	return c.last(key), err
}

func (r *store) readConfig(ctx context.Context) (config, error) {
	if !r.IsGit() {
		return config{}, nil
	}
	return r.config.get(func() (config, error) { return readConfig(ctx, r.commonDir) })
}

// git runs git about this repository.
func (r *store) git(ctx context.Context, args ...string) ([]byte, error) {
	out, err := git(ctx, r.root, append([]string{"--git-dir=" + r.gitDir}, args...)...)
	return out, explain(r.root, err)
}

// errPlain says that something needs a repository.
func (r *store) errPlain(what string) error {
	return fault.New(fault.NotFound, "%s needs a git repository, and %s is a plain folder: run git init there", what, r.root)
}

// IsShallow reports whether the repository's history is cut off.
func (r *store) IsShallow() bool {
	info, err := os.Stat(filepath.Join(r.commonDir, "shallow"))
	return r.IsGit() && err == nil && info.Size() > 0
}

// String is for messages.
func (r *store) String() string {
	if r.IsGit() {
		return fmt.Sprintf("the repository at %s", r.root)
	}
	return fmt.Sprintf("the folder %s", r.root)
}
