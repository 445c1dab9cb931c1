package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// DefaultServer is where actions are looked for last.
const DefaultServer = "https://github.com"

// RepositoriesConfig says where repositories come from.
type RepositoriesConfig struct {
	Mirrors  []string // URL templates with {owner}, {repo} and {ref}, tried in order before Server
	Server   string   // base URL of a GitHub; "": DefaultServer
	Token    string   // for Server
	CacheDir string   // keeps git/ and actions/
	Offline  bool     // ask no other machine

	// Own is a repository of this machine under its own name, looked in last.
	Own *gitrepo.Repo

	// Patience is how long a host may take to answer which commit a ref is; 0: 10 s.
	Patience time.Duration
}

// Repositories finds repositories by name, on mirrors and on GitHub, and keeps
// what it fetched. It asks for each ref once: make one for each run. It is safe
// for concurrent use, also of several processes with one CacheDir.
type Repositories struct {
	config  RepositoriesConfig
	mirrors []mirror
	ownName string // lower case

	mu   sync.Mutex
	down map[string]error // hosts that did not answer this process
	once flights[located]
}

// NewRepositories checks the configuration. It touches neither network nor disk.
// Errors: fault.Usage for a template that is none.
func NewRepositories(ctx context.Context, c RepositoriesConfig) (*Repositories, error) {
	if c.Server == "" {
		c.Server = DefaultServer
	}
	if c.Patience == 0 {
		c.Patience = 10 * time.Second
	}
	r := &Repositories{config: c, down: map[string]error{}}
	for _, template := range c.Mirrors {
		m, err := newMirror(template)
		if err != nil {
			return nil, err
		}
		r.mirrors = append(r.mirrors, m)
	}
	if c.Own != nil && c.Own.IsGit() {
		owner, name, err := c.Own.Name(ctx)
		if err != nil {
			return nil, err
		}
		r.ownName = strings.ToLower(owner + "/" + name)
	}
	return r, nil
}

// located is a commit of a repository and where it was found.
type located struct {
	Commit string
	Ref    string         // full; "" for a commit asked for by its sha
	From   gitrepo.Remote // whoever has it; no URL: it must be in the cache
	folder string         // a plain folder to take instead of a repository
	note   string         // for the user: why it may not be the newest
}

// locate finds out which commit a ref of a repository is; "" is the default
// branch. Each ref is asked for once in a process.
func (r *Repositories) locate(ctx context.Context, ref reference) (located, error) {
	key := strings.Join([]string{strings.ToLower(ref.Name()), ref.Ref, ref.server, ref.token}, "\x00")
	return r.once.do(ctx, key, func() (located, error) {
		var tried attempts
		if gitrepo.IsSHA(ref.Ref) {
			return located{Commit: ref.Ref}, nil
		}
		for _, m := range r.places(ref) {
			found, err := r.ask(ctx, m, ref)
			if err == nil {
				return found, r.remember(ref, found.Commit)
			}
			if ctx.Err() != nil {
				return located{}, context.Cause(ctx)
			}
			tried.add(m.remote(ref.Owner, ref.Repo, ref.Ref).URL, err)
		}
		if tried.someoneSilent() {
			if commit := r.recall(ref); commit != "" {
				return located{Commit: commit, note: fmt.Sprintf("%s@%s: nobody who knows could be asked, so its last known commit is used (%s)", ref.Name(), ref.Ref, tried.short())}, nil
			}
		}
		return located{}, tried.fail(ref)
	})
}

// reach is locate for those who can do without: a closed network costs them
// little.
func (r *Repositories) reach(ctx context.Context, ref reference) error {
	const patience = 4 * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errNoAnswer{patience})
	defer cancel()
	_, err := r.locate(ctx, ref)
	return err
}

// places are where a repository may be, in order. Our own repository knows its
// commits best, and its refs last: others may have newer ones.
func (r *Repositories) places(ref reference) []mirror {
	server := mirror{template: strings.TrimSuffix(r.config.Server, "/") + "/{owner}/{repo}", token: r.config.Token}
	if ref.server != "" && ref.server+"/{owner}/{repo}" != server.template {
		server = mirror{template: ref.server + "/{owner}/{repo}"}
	}
	if ref.token != "" {
		server.token = ref.token
	}
	places := append(slices.Clone(r.mirrors), server)
	if r.ownName != strings.ToLower(ref.Name()) {
		return places
	}
	own := mirror{template: r.config.Own.Root()}
	if gitrepo.IsSHA(ref.Ref) {
		return slices.Insert(places, 0, own)
	}
	return append(places, own)
}

// ask asks one place.
func (r *Repositories) ask(ctx context.Context, m mirror, ref reference) (located, error) {
	remote := m.remote(ref.Owner, ref.Repo, ref.Ref)
	if path := localPath(remote.URL); path != "" {
		if isPlainFolder(path) {
			return located{folder: path, From: remote}, nil
		}
	} else if err := r.silent(remote); err != nil {
		return located{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.config.Patience, errNoAnswer{r.config.Patience})
	defer cancel()
	found, err := remote.Lookup(ctx, ref.Ref)
	if fault.CodeOf(err) == fault.NotFound && m.perRef() {
		found, err = remote.Lookup(ctx, "") // the place itself stands for the ref
	}
	if err != nil {
		return located{}, r.note(remote, err)
	}
	return located{Commit: found.SHA, Ref: found.Ref, From: remote}, nil
}

// errNoAnswer says that a host took too long.
type errNoAnswer struct{ after time.Duration }

func (e errNoAnswer) Error() string { return fmt.Sprintf("no answer in %s", e.after) }

// Is makes it a deadline's error, as gitrepo.Unreachable knows them.
func (e errNoAnswer) Is(target error) bool { return target == context.DeadlineExceeded }

// errOffline says why another machine was not asked.
var errOffline = errors.New("not asked: offline")

// silent returns why a remote's host need not be asked, or nil.
func (r *Repositories) silent(remote gitrepo.Remote) error {
	if r.config.Offline {
		return errOffline
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.down[hostOf(remote.URL)]
}

// note remembers a host that did not answer, and returns err.
func (r *Repositories) note(remote gitrepo.Remote, err error) error {
	if host := hostOf(remote.URL); host != "" && gitrepo.Unreachable(err) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.down[host] = err
	}
	return err
}

// GitQuery names a repository and what to have of it.
type GitQuery struct {
	Name   string // owner/repo
	Ref    string // "" is the default branch
	All    bool   // all branches and tags with their history
	Token  string // instead of the configured one; "" is that
	Server string // base URL of another GitHub than the configured one; "" is that
}

// Git makes a git repository available here and returns it with the commit and
// the full ref ("" when the commit was asked for by its sha). note, when not "",
// is for the user: why it may not be the newest.
func (r *Repositories) Git(ctx context.Context, q GitQuery) (repo *gitrepo.Repo, at gitrepo.Found, note string, err error) {
	ref, err := parseRepository(q.Name, q.Ref)
	if err != nil {
		return nil, gitrepo.Found{}, "", err
	}
	ref.token, ref.server = q.Token, strings.TrimSuffix(q.Server, "/")
	found, err := r.locate(ctx, ref)
	if err != nil {
		return nil, gitrepo.Found{}, "", err
	}
	repo, commit, err := r.fetch(ctx, ref, found, q.All)
	return repo, gitrepo.Found{Ref: found.Ref, SHA: commit}, found.note, err
}

func parseRepository(name, ref string) (reference, error) {
	owner, repo, ok := strings.Cut(name, "/")
	if !ok || !validName(owner) || !validName(repo) {
		return reference{}, fault.New(fault.Invalid, "Invalid repository '%s'. Expected format {owner}/{repo}.", name)
	}
	if ref != "" {
		if err := gitrepo.CheckRef(ref); err != nil {
			return reference{}, err
		}
	}
	return reference{Owner: owner, Repo: repo, Ref: ref}, nil
}

// fetch brings a located commit into the git cache and returns it there.
func (r *Repositories) fetch(ctx context.Context, ref reference, at located, all bool) (*gitrepo.Repo, string, error) {
	bare := gitrepo.Bare{Dir: r.gitDir(ref, all)}
	if at.folder != "" {
		repo, commit, err := bare.Snapshot(ctx, at.folder)
		return repo, commit, err
	}
	if at.From.URL != "" {
		repo, err := bare.Fetch(ctx, at.From, gitrepo.Want{Commit: at.Commit, Ref: at.Ref, All: all})
		return repo, at.Commit, r.note(at.From, err)
	}
	kept, ok := bare.Open(ctx, at.Commit)
	if ok && !all {
		return kept, at.Commit, nil
	}
	var tried attempts
	for _, m := range r.places(ref) {
		remote := m.remote(ref.Owner, ref.Repo, ref.Ref)
		repo, err := r.fetchFrom(ctx, bare, remote, gitrepo.Want{Commit: at.Commit, All: all})
		if err == nil {
			return repo, at.Commit, nil
		}
		if ctx.Err() != nil {
			return nil, "", context.Cause(ctx)
		}
		tried.add(remote.URL, err)
	}
	if ok {
		return kept, at.Commit, nil
	}
	return nil, "", tried.fail(ref)
}

func (r *Repositories) fetchFrom(ctx context.Context, bare gitrepo.Bare, remote gitrepo.Remote, want gitrepo.Want) (*gitrepo.Repo, error) {
	if path := localPath(remote.URL); path == "" {
		if err := r.silent(remote); err != nil {
			return nil, err
		}
		// A host that is gone should be found out soon, a large repository may
		// take its time: ask for little first.
		short, cancel := context.WithTimeoutCause(ctx, r.config.Patience, errNoAnswer{r.config.Patience})
		defer cancel()
		if _, err := remote.Lookup(short, ""); err != nil && fault.CodeOf(err) != fault.NotFound {
			return nil, r.note(remote, err)
		}
	}
	repo, err := bare.Fetch(ctx, remote, want)
	return repo, r.note(remote, err)
}

// gitDir is a repository's folder in the git cache.
func (r *Repositories) gitDir(ref reference, all bool) string {
	suffix := ".git"
	if all {
		suffix = "+all.git"
	}
	return filepath.Join(r.config.CacheDir, "git", strings.ToLower(ref.Owner), strings.ToLower(ref.Repo)+suffix)
}

// lastKnown is the file that holds the commit a ref was when last asked for.
func (r *Repositories) lastKnown(ref reference) string {
	name := ref.Ref
	if name == "" {
		name = "HEAD"
	}
	// A ref may be a prefix of another's folder; no ref name holds a ':'.
	return filepath.Join(r.gitDir(ref, false), "known", strings.ReplaceAll(name, "/", ":"))
}

// remember keeps which commit a ref was.
func (r *Repositories) remember(ref reference, commit string) error {
	if commit == "" || r.recall(ref) == commit {
		return nil
	}
	path := r.lastKnown(ref)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = replaceFile(path, []byte(commit+"\n"))
	}
	if err != nil {
		return fault.New(fault.Internal, "remember the commit of %s: %w", ref, err)
	}
	return nil
}

// recall returns which commit a ref was when last asked for, or "".
func (r *Repositories) recall(ref reference) string {
	data, err := os.ReadFile(r.lastKnown(ref))
	commit := strings.TrimSpace(string(data))
	if err != nil || !gitrepo.IsSHA(commit) {
		return ""
	}
	return commit
}

// replaceFile writes a small file that readers see whole or not at all.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if removeErr := os.Remove(f.Name()); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}
