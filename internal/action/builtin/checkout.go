package builtin

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// checkout is actions/checkout. Of the run's own repository it gives the working
// tree, or the run's commit; of others what mirrors and GitHub have.
type checkout struct {
	Config
}

func checkoutManifest() *action.Manifest {
	return &action.Manifest{
		Name: "Checkout", Description: "Checkout a Git repository at a particular version",
		Inputs: []action.ManifestInput{
			computed("repository", "github.repository"), input("ref", ""), computed("token", "github.token"),
			input("ssh-key", ""), input("ssh-known-hosts", ""), input("ssh-strict", "true"), input("ssh-user", "git"),
			input("persist-credentials", "true"), input("path", ""), input("clean", "true"), input("filter", ""),
			input("sparse-checkout", ""), input("sparse-checkout-cone-mode", "true"), input("fetch-depth", "1"), input("fetch-tags", "false"),
			input("show-progress", "true"), input("lfs", "false"), input("submodules", "false"), input("set-safe-directory", "true"),
			input("github-server-url", ""), input("allow-unsafe-pr-checkout", "false"),
		},
		Outputs: outputs("ref", "commit"),
		Runs:    action.Runs{Using: "node24", Post: "post"},
	}
}

// checkoutInputs are the inputs, read.
type checkoutInputs struct {
	repository string // owner/repo
	own        bool   // it is the run's repository
	ref        string
	path       string // relative to the workspace; "." is it
	server     string // base URL
	token      string
	persist    bool
	clean      bool
	depth      int // 0: all history
	tags       bool
	sparse     []string
	cone       bool
	lfs        bool
	submodules string // "", "true", "recursive"
}

// Main lays the repository into the workspace.
func (c checkout) Main(ctx context.Context, call *action.Call) error {
	in, err := c.inputs(call)
	if err != nil {
		return err
	}
	if err := say(call, "Syncing repository: %s", in.repository); err != nil {
		return err
	}
	dst, err := openDestination(call, in)
	if err != nil {
		return err
	}
	if err := dst.empty(call, in.clean); err != nil {
		return err
	}
	what, err := c.source(ctx, call, in)
	if err != nil {
		return err
	}
	what.Dst, what.Depth, what.Tags = dst.host, in.depth, in.tags
	what.Origin = in.server + "/" + in.repository + ".git"
	if in.persist {
		what.Token = in.token
		_, secret := gitrepo.AuthHeader(what.Origin, in.token)
		if secret != "" {
			call.AddMask(secret[strings.LastIndexByte(secret, ' ')+1:])
		}
		call.SaveState("path", dst.inner)
		call.SaveState("server", in.server)
	}
	if err := say(call, "%s", what.title); err != nil {
		return err
	}
	if err := what.lay(ctx); err != nil {
		return err
	}
	if err := c.complete(ctx, in, what); err != nil {
		return err
	}
	commit, err := what.commit(ctx)
	if err != nil {
		return err
	}
	call.SetOutput("ref", what.output)
	call.SetOutput("commit", commit)
	return nil
}

// Post removes the token from the repository.
func (c checkout) Post(ctx context.Context, call *action.Call) error {
	inner := call.State["path"]
	if inner == "" {
		return nil
	}
	return gitrepo.Clone{Dir: call.Host(inner)}.Forget(ctx, call.State["server"])
}

func (c checkout) inputs(call *action.Call) (checkoutInputs, error) {
	in := checkoutInputs{
		repository: text(call, "repository"), ref: text(call, "ref"), path: text(call, "path"), server: text(call, "github-server-url"),
		token: text(call, "token"), depth: count(call, "fetch-depth"), sparse: lines(call, "sparse-checkout"), submodules: strings.ToLower(text(call, "submodules")),
	}
	for name, field := range map[string]*bool{
		"persist-credentials": &in.persist, "clean": &in.clean, "fetch-tags": &in.tags, "sparse-checkout-cone-mode": &in.cone, "lfs": &in.lfs,
	} { // actions/checkout takes anything but "true" for false
		*field = strings.EqualFold(text(call, name), "true")
	}
	if in.repository == "" {
		in.repository = github(call, "repository")
	}
	if owner, name, ok := strings.Cut(in.repository, "/"); !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return in, fault.New(fault.Invalid, "Invalid repository '%s'. Expected format {owner}/{repo}.", in.repository)
	}
	if in.server == "" {
		in.server = github(call, "server_url")
	}
	in.server = strings.TrimSuffix(in.server, "/")
	if u, err := url.Parse(in.server); err != nil || u.Host == "" {
		return in, fault.New(fault.Invalid, "github-server-url should be a URL such as https://github.com, found %q", in.server)
	}
	in.own = strings.EqualFold(in.repository, github(call, "repository"))
	if text(call, "ssh-key") != "" && !in.own {
		return in, fault.New(fault.Invalid, "Slipway's own actions/checkout does not speak ssh: use a token for %s, name a mirror of it, or have the original run (built-in actions: never)", in.repository)
	}
	if in.submodules == "false" {
		in.submodules = ""
	}
	return in, nil
}

// source is what will be checked out.
type source struct {
	gitrepo.Checkout
	repo   *gitrepo.Repo
	tree   bool   // the working tree as it is, rather than Commit
	output string // of `ref`
	title  string
}

func (s source) lay(ctx context.Context) error {
	if s.tree {
		return s.repo.WorkingTree(ctx, s.Checkout)
	}
	return s.repo.Export(ctx, s.Checkout)
}

// commit is the sha that was checked out, "" where there is none.
func (s source) commit(ctx context.Context) (string, error) {
	if !s.tree {
		return s.Commit, nil
	}
	head, err := s.repo.Head(ctx)
	return head.SHA, err
}

// source finds what the inputs mean.
func (c checkout) source(ctx context.Context, call *action.Call, in checkoutInputs) (source, error) {
	if !in.own {
		return c.elsewhere(ctx, call, in)
	}
	ref, sha := github(call, "ref"), github(call, "sha")
	if !strings.HasPrefix(ref, "refs/") && ref != "" {
		ref = "refs/heads/" + ref // some events have a bare branch
	}
	switch {
	case in.ref == "":
		return c.own(ctx, ref)
	case sameSHA(in.ref, sha):
		return c.own(ctx, "")
	}
	head, err := c.Repo.Head(ctx)
	if err != nil {
		return source{}, err
	}
	for _, standing := range []string{ref, head.Ref} {
		if in.ref == standing || "refs/heads/"+in.ref == standing || "refs/tags/"+in.ref == standing {
			return c.own(ctx, standing)
		}
	}
	return c.ownAt(ctx, call, in)
}

func sameSHA(a, b string) bool { return gitrepo.IsSHA(a) && a == b }

// own is what the run is about: the working tree, or its commit.
func (c checkout) own(ctx context.Context, ref string) (source, error) {
	s := source{repo: c.Repo, output: ref}
	s.Ref = ref
	if c.Commit != "" {
		s.Commit = c.Commit
		s.title = fmt.Sprintf("Checking out commit %s of %s", c.Commit, c.Repo)
		return s, nil
	}
	head, err := c.Repo.Head(ctx)
	if err != nil {
		return source{}, err
	}
	s.tree = true
	s.title = fmt.Sprintf("Copying the working tree of %s, uncommitted edits included", c.Repo)
	if head.SHA != "" {
		s.title += " (HEAD is " + head.SHA + ")"
	}
	return s, nil
}

// ownAt is another commit of the run's repository: as it is here, else as others
// have it.
func (c checkout) ownAt(ctx context.Context, call *action.Call, in checkoutInputs) (source, error) {
	names := []string{"refs/heads/" + in.ref, "refs/remotes/origin/" + in.ref, "refs/tags/" + in.ref}
	if strings.HasPrefix(in.ref, "refs/") || gitrepo.IsSHA(in.ref) {
		names = []string{in.ref}
	} else if err := gitrepo.CheckRef(in.ref); err != nil {
		return source{}, err
	}
	for _, name := range names {
		sha, err := c.Repo.Resolve(ctx, name)
		if fault.CodeOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return source{}, err
		}
		s := source{repo: c.Repo, output: in.ref, title: fmt.Sprintf("Checking out %s of %s (%s)", in.ref, c.Repo, sha)}
		s.Commit = sha
		if strings.HasPrefix(name, "refs/") {
			s.Ref = strings.Replace(name, "refs/remotes/origin/", "refs/heads/", 1)
		} else {
			s.output = ""
		}
		return s, nil
	}
	s, err := c.elsewhere(ctx, call, in)
	if err != nil {
		return source{}, fault.New(fault.CodeOf(err), "%s is not in %s, and nobody else has it: %w", in.ref, c.Repo, err)
	}
	return s, nil
}

// elsewhere is a repository of a mirror or of GitHub.
func (c checkout) elsewhere(ctx context.Context, call *action.Call, in checkoutInputs) (source, error) {
	repo, found, note, err := c.Repositories.Git(ctx, action.GitQuery{
		Name: in.repository, Ref: in.ref, All: in.depth != 1 || in.tags, Token: in.token, Server: in.server,
	})
	if err != nil {
		return source{}, err
	}
	if note != "" {
		if err := say(call, "::warning::%s", note); err != nil {
			return source{}, err
		}
	}
	s := source{repo: repo, output: in.ref, title: fmt.Sprintf("Checking out %s of %s (%s)", found.Ref, in.repository, found.SHA)}
	s.Commit, s.Ref = found.SHA, found.Ref
	if in.ref == "" {
		s.output = found.Ref
	}
	if gitrepo.IsSHA(in.ref) {
		s.output, s.title = "", fmt.Sprintf("Checking out %s of %s", found.SHA, in.repository)
	}
	return s, nil
}

// complete does what is asked for beyond the files themselves.
func (c checkout) complete(ctx context.Context, in checkoutInputs, what source) error {
	if !what.repo.IsGit() {
		return nil
	}
	clone := gitrepo.Clone{Dir: what.Dst}
	if len(in.sparse) > 0 {
		if err := clone.Sparse(ctx, in.sparse, in.cone); err != nil {
			return err
		}
	}
	if in.lfs && !what.tree { // a working tree has the files already
		if err := clone.LFS(ctx, in.server, in.token); err != nil {
			return err
		}
	}
	if in.submodules == "" {
		return nil
	}
	s := gitrepo.Submodules{Recursive: in.submodules == "recursive", Depth: in.depth, Server: in.server, Token: in.token}
	if what.tree {
		s.Local = what.repo
	}
	return clone.Submodules(ctx, s)
}

// destination is the folder a repository goes to.
type destination struct {
	inner, host string
}

// openDestination finds the folder that `path` names and makes sure that it lies
// in the workspace, symbolic links followed.
func openDestination(call *action.Call, in checkoutInputs) (destination, error) {
	workspace := path.Clean(call.Env["GITHUB_WORKSPACE"])
	inner := path.Clean(in.path)
	if !path.IsAbs(inner) {
		inner = path.Join(workspace, in.path)
	}
	if !under(workspace, inner) {
		return destination{}, fault.New(fault.Invalid, "Repository path '%s' is not under '%s'", inner, workspace)
	}
	d := destination{inner: inner, host: filepath.Join(call.Host(workspace), filepath.FromSlash(strings.TrimPrefix(inner, workspace)))}
	return d, d.make(call.Host(workspace))
}
