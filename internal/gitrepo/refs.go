package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"slipway/internal/fault"
)

// Zero is the sha that stands for "no commit" in events.
const Zero = "0000000000000000000000000000000000000000"

// Head is where a repository stands.
type Head struct {
	SHA      string // full; "" when there is no commit: an unborn branch, a plain folder
	Ref      string // refs/heads/… or refs/tags/…, never ""
	Detached bool   // HEAD names a commit; Ref is then one that points at it, if any does
}

// Branch is the branch's name, or "" when Ref is a tag.
func (h Head) Branch() string {
	name, ok := strings.CutPrefix(h.Ref, "refs/heads/")
	if !ok {
		return ""
	}
	return name
}

// Tag is the tag's name, or "" when Ref is a branch.
func (h Head) Tag() string {
	name, ok := strings.CutPrefix(h.Ref, "refs/tags/")
	if !ok {
		return ""
	}
	return name
}

// Head returns where the repository stands. A detached HEAD is given the ref of
// a tag that points at it, else of a branch here or on origin, else of the
// default branch. A plain folder stands on main without a commit.
func (r *Repo) Head(ctx context.Context) (Head, error) {
	return r.head.get(func() (Head, error) { return r.readHead(ctx) })
}

func (r *Repo) readHead(ctx context.Context) (Head, error) {
	if !r.IsGit() {
		return Head{Ref: "refs/heads/main"}, nil
	}
	value, err := r.symbolicHead(ctx)
	if err != nil {
		return Head{}, err
	}
	if ref, ok := strings.CutPrefix(value, "ref: "); ok {
		sha, err := r.ref(ctx, ref)
		return Head{SHA: sha, Ref: ref}, err
	}
	return r.detachedAt(ctx, value)
}

// At returns where the repository would stand with a revision checked out: a
// branch or tag by its name, anything else as a detached HEAD. Errors:
// fault.NotFound.
func (r *Repo) At(ctx context.Context, rev string) (Head, error) {
	sha, err := r.Resolve(ctx, rev)
	if err != nil {
		return Head{}, err
	}
	out, err := r.git(ctx, "rev-parse", "--symbolic-full-name", "--end-of-options", rev)
	if err != nil {
		return Head{}, err
	}
	lines := strings.Fields(string(out))
	name := ""
	if len(lines) > 0 {
		name = lines[len(lines)-1] // old versions print --end-of-options too
	}
	if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/") {
		return Head{SHA: sha, Ref: name}, nil
	}
	if branch, ok := strings.CutPrefix(name, "refs/remotes/origin/"); ok && branch != "HEAD" {
		return Head{SHA: sha, Ref: "refs/heads/" + branch}, nil
	}
	return r.detachedAt(ctx, sha)
}

// detachedAt finds a ref to call a commit by.
func (r *Repo) detachedAt(ctx context.Context, sha string) (Head, error) {
	ref, err := r.refPointingAt(ctx, sha)
	if err != nil {
		return Head{}, err
	}
	if ref == "" {
		branch, err := r.DefaultBranch(ctx)
		if err != nil {
			return Head{}, err
		}
		ref = "refs/heads/" + branch
	}
	return Head{SHA: sha, Ref: ref, Detached: true}, nil
}

// symbolicHead is the content of HEAD: "ref: refs/heads/x" or a sha.
func (r *store) symbolicHead(ctx context.Context) (string, error) {
	if r.refsElsewhere(ctx) {
		out, err := r.git(ctx, "symbolic-ref", "--quiet", "HEAD")
		if err == nil {
			return "ref: " + strings.TrimSpace(string(out)), nil
		}
		if exitCode(err) != 1 {
			return "", err
		}
		out, err = r.git(ctx, "rev-parse", "--verify", "HEAD")
		return strings.TrimSpace(string(out)), err
	}
	data, err := os.ReadFile(filepath.Join(r.gitDir, "HEAD"))
	if err != nil {
		return "", fault.New(fault.Invalid, "%s can't be read: %w", r, err)
	}
	value := strings.TrimSpace(string(data))
	if ref, ok := strings.CutPrefix(value, "ref:"); ok {
		return "ref: " + strings.TrimSpace(ref), nil
	}
	if !IsSHA(value) {
		return "", fault.New(fault.Invalid, "%s has a HEAD that is neither a ref nor a commit: %q", r, value)
	}
	return value, nil
}

// refsElsewhere reports whether refs are kept in a form we don't read, such as
// reftable.
func (r *store) refsElsewhere(ctx context.Context) bool {
	c, err := r.readConfig(ctx)
	storage := c.last("extensions.refstorage")
	return err != nil || (storage != "" && storage != "files")
}

// Ref returns the sha that a full ref name stands for, a tag object's for an
// annotated tag, or "" when there is no such ref.
func (r *Repo) Ref(ctx context.Context, name string) (string, error) {
	if !r.IsGit() {
		return "", nil
	}
	return r.ref(ctx, name)
}

// ref returns the sha a full ref name stands for, or "" when there is none.
func (r *store) ref(ctx context.Context, name string) (string, error) {
	if r.refsElsewhere(ctx) {
		out, err := r.git(ctx, "rev-parse", "--quiet", "--verify", name)
		if exitCode(err) == 1 {
			return "", nil
		}
		return strings.TrimSpace(string(out)), err
	}
	for range 5 { // symbolic refs may follow each other so far (git's SYMREF_MAXDEPTH)
		if !fs.ValidPath(name) || !strings.HasPrefix(name, "refs/") {
			return "", nil
		}
		data, err := os.ReadFile(filepath.Join(r.commonDir, filepath.FromSlash(name)))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
			return r.packedRef(name)
		}
		if err != nil {
			return "", fault.New(fault.Invalid, "%s: the ref %s can't be read: %w", r, name, err)
		}
		value := strings.TrimSpace(string(data))
		if next, ok := strings.CutPrefix(value, "ref:"); ok {
			name = strings.TrimSpace(next)
			continue
		}
		if !IsSHA(value) {
			return "", fault.New(fault.Invalid, "%s: the ref %s should hold a commit, found %q: run git fsck", r, name, value)
		}
		return value, nil
	}
	return "", fault.New(fault.Invalid, "%s: the ref %s leads in a circle", r, name)
}

// packedRefs is the content of a packed-refs file: lines "sha name", each of an
// annotated tag followed by "^commit".
type packedRefs []byte

func (r *store) packedRef(name string) (string, error) {
	refs, err := r.packed.get(func() (packedRefs, error) {
		data, err := os.ReadFile(filepath.Join(r.commonDir, "packed-refs"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return data, err
	})
	if err != nil {
		return "", fault.New(fault.Invalid, "%s: its packed refs can't be read: %w", r, err)
	}
	return refs.find(name), nil
}

// find returns the sha of a ref, or "".
func (p packedRefs) find(name string) string {
	needle := []byte(" " + name + "\n")
	for at := 0; ; {
		i := bytes.Index(p[at:], needle)
		if i < 0 {
			return ""
		}
		start := bytes.LastIndexByte(p[:at+i], '\n') + 1
		if sha := string(p[start : at+i]); IsSHA(sha) {
			return sha
		}
		at += i + len(needle) - 1
	}
}

// refPointingAt returns a ref whose commit is sha: a tag first, then a branch,
// then a branch of origin under its own name there; "" when there is none.
func (r *store) refPointingAt(ctx context.Context, sha string) (string, error) {
	out, err := r.git(ctx, "for-each-ref", "--points-at="+sha, "--format=%(refname)", "--sort=-version:refname",
		"refs/tags", "refs/heads", "refs/remotes/origin")
	if err != nil {
		return "", err
	}
	refs := strings.Fields(string(out))
	for _, prefix := range []string{"refs/tags/", "refs/heads/", "refs/remotes/origin/"} {
		for _, ref := range refs {
			name, ok := strings.CutPrefix(ref, prefix)
			if !ok || name == "HEAD" {
				continue
			}
			if prefix == "refs/remotes/origin/" {
				return "refs/heads/" + name, nil
			}
			return ref, nil
		}
	}
	return "", nil
}

// Resolve returns the full sha of the commit that a revision names: a branch, a
// tag, a sha, HEAD~2, … Errors: fault.NotFound.
func (r *Repo) Resolve(ctx context.Context, rev string) (string, error) {
	if !r.IsGit() {
		return "", r.errPlain("the revision " + rev)
	}
	out, err := r.git(ctx, "rev-parse", "--quiet", "--verify", "--end-of-options", rev+"^{commit}")
	if err != nil && exitCode(err) >= 0 {
		return "", fault.New(fault.NotFound, "%s has no commit %q: fetch it first, or check its spelling (%w)", r, rev, err)
	}
	return strings.TrimSpace(string(out)), err
}

// DefaultBranch is the branch that origin's HEAD names, else main or master if
// there is one, else the branch HEAD is on, else main.
func (r *Repo) DefaultBranch(ctx context.Context) (string, error) {
	if !r.IsGit() {
		return "main", nil
	}
	if data, err := os.ReadFile(filepath.Join(r.commonDir, "refs", "remotes", "origin", "HEAD")); err == nil {
		if name, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "ref: refs/remotes/origin/"); ok {
			return name, nil
		}
	}
	for _, name := range []string{"main", "master"} {
		for _, prefix := range []string{"refs/heads/", "refs/remotes/origin/"} {
			sha, err := r.ref(ctx, prefix+name)
			if err != nil {
				return "", err
			}
			if sha != "" {
				return name, nil
			}
		}
	}
	value, err := r.symbolicHead(ctx)
	if err != nil {
		return "", err
	}
	if name, ok := strings.CutPrefix(value, "ref: refs/heads/"); ok {
		return name, nil
	}
	return "main", nil
}

// Upstream returns the sha of the upstream of the branch HEAD is on, as last
// fetched or pushed, or "" when it has none.
func (r *Repo) Upstream(ctx context.Context) (string, error) {
	head, err := r.Head(ctx)
	if err != nil || head.Detached || head.Branch() == "" || !r.IsGit() {
		return "", err
	}
	c, err := r.readConfig(ctx)
	if err != nil {
		return "", err
	}
	remote, merge := c.last("branch."+head.Branch()+".remote"), c.last("branch."+head.Branch()+".merge")
	if remote == "" || merge == "" {
		return "", nil
	}
	if remote == "." {
		return r.ref(ctx, merge)
	}
	for _, spec := range c["remote."+remote+".fetch"] {
		if tracking := trackingRef(spec, merge); tracking != "" {
			return r.ref(ctx, tracking)
		}
	}
	return "", nil
}

// trackingRef is where a fetch refspec such as +refs/heads/*:refs/remotes/origin/*
// puts ref, or "" when it doesn't take it.
func trackingRef(spec, ref string) string {
	from, to, ok := strings.Cut(strings.TrimPrefix(spec, "+"), ":")
	if !ok {
		return ""
	}
	before, after, wild := strings.Cut(from, "*")
	if !wild {
		if from == ref {
			return to
		}
		return ""
	}
	name, ok := strings.CutPrefix(ref, before)
	if !ok {
		return ""
	}
	if name, ok = strings.CutSuffix(name, after); !ok {
		return ""
	}
	return strings.Replace(to, "*", name, 1)
}

// IsSHA reports whether s is a full object name, SHA-1 or SHA-256.
func IsSHA(s string) bool {
	return (len(s) == 40 || len(s) == 64) && isHex(s)
}

func isHex(s string) bool {
	for i := range len(s) {
		if ch := s[i]; (ch < '0' || ch > '9') && (ch < 'a' || ch > 'f') {
			return false
		}
	}
	return true
}
