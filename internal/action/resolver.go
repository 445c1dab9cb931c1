package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// BuiltinMode says when actions that are Go code of ours run.
type BuiltinMode string

// The modes.
const (
	// BuiltinFallback: checkout and artifacts are ours, the others are ours when
	// the original can't be had.
	BuiltinFallback BuiltinMode = "fallback"
	BuiltinAlways   BuiltinMode = "always"
	BuiltinNever    BuiltinMode = "never"
)

// Native is a built-in action under the name it stands in for.
type Native struct {
	Name     string // owner/repo, lower case
	First    bool   // it runs in BuiltinFallback even where the original can be had
	Manifest *Manifest
	Builtin  Builtin
}

// Config says where a Finder finds actions.
type Config struct {
	Repositories *Repositories
	Repo         *gitrepo.Repo // the run's repository, for `$/`
	Commit       string        // the run's commit when it isn't about the working tree; "" otherwise
	Natives      []Native
	Builtins     BuiltinMode // "": BuiltinFallback
}

// Finder is the Resolver: it finds actions in the workspace, in the run's
// repository, among the built-in ones, and in other repositories.
type Finder struct {
	config  Config
	natives map[string]Native
	ownName string // of Config.Repo, lower case
	once    flights[resolved]
}

// resolved is an action with the log lines that go with it.
type resolved struct {
	action *Action
	notes  []string
}

// NewResolver makes a Finder. It touches neither network nor disk. Errors:
// fault.Usage for a mode that is none.
func NewResolver(ctx context.Context, c Config) (*Finder, error) {
	switch c.Builtins {
	case "":
		c.Builtins = BuiltinFallback
	case BuiltinFallback, BuiltinAlways, BuiltinNever:
	default:
		return nil, fault.New(fault.Usage, "built-in actions can be %q, %q or %q, not %q", BuiltinFallback, BuiltinAlways, BuiltinNever, c.Builtins)
	}
	f := &Finder{config: c, natives: map[string]Native{}}
	for _, n := range c.Natives {
		f.natives[n.Name] = n
	}
	if c.Repo != nil {
		owner, name, err := c.Repo.Name(ctx)
		if err != nil {
			return nil, err
		}
		f.ownName = strings.ToLower(owner + "/" + name)
	}
	return f, nil
}

// Repository unpacks a repository's files at a ref. name is owner/repo.
func (f *Finder) Repository(ctx context.Context, name, ref string) (Fetched, error) {
	return f.config.Repositories.Files(ctx, name, ref)
}

// Resolve finds the action a step uses. Errors: fault.NotFound and
// fault.Upstream name every place that was tried, fault.Invalid the place in
// the manifest.
func (f *Finder) Resolve(ctx context.Context, use Use, log io.Writer) (*Action, error) {
	switch {
	case strings.HasPrefix(use.Ref, "docker://"):
		return &Action{Ref: use.Ref, Manifest: &Manifest{Runs: Runs{Using: "docker", Image: use.Ref}}}, nil
	case strings.HasPrefix(use.Ref, "./"), strings.HasPrefix(use.Ref, `.\`):
		return f.local(use)
	case strings.HasPrefix(use.Ref, "$/"):
		return f.self(ctx, use, log)
	}
	ref, err := parseReference(use.Ref)
	if err != nil {
		return nil, err
	}
	found, err := f.once.do(ctx, use.Ref, func() (resolved, error) { return f.named(ctx, ref) })
	if err != nil {
		return nil, err
	}
	if err := tell(log, found.notes); err != nil {
		return nil, err
	}
	return found.action, nil
}

func tell(log io.Writer, notes []string) error {
	for _, line := range notes {
		if _, err := fmt.Fprintln(log, line); err != nil {
			return fault.New(fault.Internal, "write to the log: %w", err)
		}
	}
	return nil
}

// local is an action of the workspace.
func (f *Finder) local(use Use) (*Action, error) {
	written := strings.ReplaceAll(use.Ref[2:], `\`, "/")
	folder, err := insideFolder(written)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s: the path leads out of the workspace", use.Ref)
	}
	dir := filepath.Join(use.Workspace, filepath.FromSlash(folder))
	manifest, err := readManifest(os.DirFS(dir), ".", use.Ref)
	if errors.Is(err, errNoManifest) {
		return nil, f.noLocal(use, folder, dir)
	}
	if err != nil {
		return nil, err
	}
	return &Action{Ref: use.Ref, Dir: dir, Root: use.Workspace, Manifest: manifest}, nil
}

// noLocal says what to do about a local action that isn't there.
func (f *Finder) noLocal(use Use, folder, dir string) error {
	hint := ""
	switch {
	case isEmpty(use.Workspace):
		hint = "\nThe workspace is empty: a job starts without the repository, as on GitHub. Put a step that uses actions/checkout before this one, or run with --workspace tree."
	case f.inRepository(folder):
		hint = "\nThe repository has it, but this workspace doesn't: check the repository out at the top of the workspace, or run with --workspace tree."
	}
	return fault.New(fault.NotFound, "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '%s'. Did you forget to run actions/checkout before running your local action?%s", dir, hint)
}

func (f *Finder) inRepository(folder string) bool {
	if f.config.Repo == nil || f.config.Repo.IsBare() {
		return false
	}
	for _, name := range []string{"action.yml", "action.yaml", "Dockerfile"} {
		if _, err := os.Stat(filepath.Join(f.config.Repo.Root(), filepath.FromSlash(folder), name)); err == nil {
			return true
		}
	}
	return false
}

// self is an action of the repository that the workflow, or the action around
// the step, is from.
func (f *Finder) self(ctx context.Context, use Use, log io.Writer) (*Action, error) {
	folder, err := insideFolder(use.Ref[2:])
	if err != nil {
		return nil, fault.New(fault.Invalid, "%s: %w", use.Ref, err)
	}
	root, commit := use.Root, use.SHA
	own := use.Repository == "" || strings.EqualFold(use.Repository, f.ownName)
	switch {
	case root != "":
	case own && f.config.Repo != nil && f.config.Commit == "" && !f.config.Repo.IsBare():
		root, commit = f.config.Repo.Root(), ""
	default:
		fetched, err := f.definer(ctx, use)
		if err != nil {
			return nil, err
		}
		if err := tell(log, fetched.Notes); err != nil {
			return nil, err
		}
		root, commit = fetched.Dir, fetched.Commit
	}
	a, err := inFolder(root, folder, use.Ref)
	if errors.Is(err, errNoManifest) {
		return nil, fault.New(fault.NotFound, "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '%s' in %s.", use.Ref, filepath.Join(root, folder))
	}
	if err != nil {
		return nil, err
	}
	a.Repository, a.Commit = use.Repository, commit
	return a, nil
}

// definer unpacks the repository `$/` means.
func (f *Finder) definer(ctx context.Context, use Use) (Fetched, error) {
	name, sha := use.Repository, use.SHA
	if (name == "" || strings.EqualFold(name, f.ownName)) && f.config.Commit != "" {
		name, sha = f.ownName, f.config.Commit
	}
	if name == "" || sha == "" {
		return Fetched{}, fault.New(fault.Invalid, "Unable to resolve self-reference '%s': the repository and commit of the workflow are not known", use.Ref)
	}
	return f.Repository(ctx, name, sha)
}

// inFolder is the action in a folder of files that belong to a repository. No
// symbolic link leads it out of them.
func inFolder(dir, folder, shown string) (*Action, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.New(fault.NotFound, "%s: %w", shown, err)
	}
	defer root.Close()
	at := folder
	if at == "" {
		at = "."
	}
	manifest, err := readManifest(root.FS(), at, shown)
	if err != nil {
		return nil, err
	}
	return &Action{Ref: shown, Dir: filepath.Join(dir, filepath.FromSlash(folder)), Root: dir, Manifest: manifest}, nil
}

// named is an action of another repository, or the built-in one in its place.
func (f *Finder) named(ctx context.Context, ref reference) (resolved, error) {
	native, has := f.natives[strings.ToLower(ref.Name())]
	has = has && ref.Path == "" && f.config.Builtins != BuiltinNever
	if has && (native.First || f.config.Builtins == BuiltinAlways) {
		return native.stand(ref, "Slipway's built-in version runs"), nil
	}
	if !has {
		return f.original(ctx, ref)
	}
	err := f.config.Repositories.reach(ctx, ref)
	if err == nil {
		var found resolved
		if found, err = f.original(ctx, ref); err == nil {
			return found, nil
		}
	}
	if ctx.Err() != nil {
		return resolved{}, context.Cause(ctx)
	}
	return native.stand(ref, "Slipway's built-in version runs, since the original can't be had ("+inBrief(err)+")"), nil
}

// stand is the built-in action standing in for a reference.
func (n Native) stand(ref reference, why string) resolved {
	return resolved{
		action: &Action{Ref: ref.String(), Repository: ref.Name(), Manifest: n.Manifest, Builtin: n.Builtin},
		notes:  []string{ref.String() + ": " + why},
	}
}

// original is the action from its repository.
func (f *Finder) original(ctx context.Context, ref reference) (resolved, error) {
	fetched, err := f.Repository(ctx, ref.Name(), ref.Ref)
	if err != nil {
		return resolved{}, err
	}
	a, err := inFolder(fetched.Dir, ref.Path, ref.String())
	if errors.Is(err, errNoManifest) {
		return resolved{}, fault.New(fault.NotFound, "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '%s'.", ref)
	}
	if err != nil {
		return resolved{}, err
	}
	a.Repository, a.Commit = ref.Name(), fetched.Commit
	return resolved{action: a, notes: fetched.Notes}, nil
}

// inBrief is an error on one line: of one that lists attempts, the attempts.
func inBrief(err error) string {
	if tried, ok := errors.AsType[attempts](err); ok {
		return tried.short()
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
