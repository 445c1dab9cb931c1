package gitrepo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"slipway/internal/fault"
)

// borrow makes c.Dst/.git: a repository that has c.Commit and the history c asks
// for, without copying an object, by borrowing them all from r. It is written
// here rather than by git, which would take a dozen processes. working says
// that the index will be a copied one.
func (r *Repo) borrow(ctx context.Context, c Checkout, working bool) error {
	refs, err := r.refsFor(ctx, c)
	if err != nil {
		return err
	}
	shallow, err := r.shallowFor(ctx, c, refs)
	if err != nil {
		return err
	}
	own, err := r.readConfig(ctx)
	if err != nil {
		return err
	}
	files := map[string]string{
		"HEAD":                    headFor(c),
		"config":                  r.configFor(c, own, working),
		"objects/info/alternates": filepath.Join(r.commonDir, "objects") + "\n",
		"packed-refs":             packRefs(refs),
	}
	if len(shallow) > 0 {
		files["shallow"] = strings.Join(shallow, "\n") + "\n"
	}
	if err := removeGit(c.Dst); err != nil {
		return fault.New(fault.Internal, "remove the old repository in %s: %w", c.Dst, err)
	}
	dir := filepath.Join(c.Dst, ".git")
	for _, sub := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags", "info", "hooks"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			return fault.New(fault.Internal, "make a repository in %s: %w", c.Dst, err)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			return fault.New(fault.Internal, "make a repository in %s: %w", c.Dst, err)
		}
	}
	return nil
}

// headFor is what HEAD holds: actions/checkout checks branches out as branches
// and everything else as a commit.
func headFor(c Checkout) string {
	if strings.HasPrefix(c.Ref, "refs/heads/") {
		return "ref: " + c.Ref + "\n"
	}
	if c.Commit == "" {
		return "ref: refs/heads/main\n"
	}
	return c.Commit + "\n"
}

// refsFor returns the copy's refs: those actions/checkout fetches, by name.
func (r *Repo) refsFor(ctx context.Context, c Checkout) (map[string]string, error) {
	refs := map[string]string{}
	if c.Depth == 0 || c.Tags {
		if err := r.addAllRefs(ctx, c, refs); err != nil {
			return nil, err
		}
	}
	if c.Commit == "" {
		return refs, nil
	}
	if name, ok := strings.CutPrefix(c.Ref, "refs/heads/"); ok {
		refs[c.Ref] = c.Commit
		refs["refs/remotes/origin/"+name] = c.Commit
	} else if name, ok := strings.CutPrefix(c.Ref, "refs/pull/"); ok {
		refs["refs/remotes/pull/"+name] = c.Commit
	} else if strings.HasPrefix(c.Ref, "refs/tags/") && refs[c.Ref] == "" {
		sha, err := r.ref(ctx, c.Ref) // an annotated tag is an object of its own
		if err != nil {
			return nil, err
		}
		if sha == "" {
			sha = c.Commit
		}
		refs[c.Ref] = sha
	}
	return refs, nil
}

// addAllRefs adds all tags and, with all history, all branches: those last seen
// on origin, and local ones that origin hasn't.
func (r *Repo) addAllRefs(ctx context.Context, c Checkout, refs map[string]string) error {
	out, err := r.git(ctx, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags", "refs/heads", "refs/remotes/origin")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		sha, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case strings.HasPrefix(name, "refs/tags/"):
			refs[name] = sha
		case c.Depth > 0 || name == "refs/remotes/origin/HEAD":
		case strings.HasPrefix(name, "refs/remotes/"):
			refs[name] = sha
		default:
			tracking := "refs/remotes/origin/" + strings.TrimPrefix(name, "refs/heads/")
			if refs[tracking] == "" {
				refs[tracking] = sha
			}
		}
	}
	return nil
}

// packRefs is the content of a packed-refs file. Without the header that says
// so, git doesn't expect it to be sorted or peeled; sorted it is quicker to read.
func packRefs(refs map[string]string) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		fmt.Fprintf(&out, "%s %s\n", refs[name], name)
	}
	return out.String()
}

// shallowFor returns the commits at which the copy's history ends, as git's
// `shallow` file lists them; none when all of it is there.
func (r *Repo) shallowFor(ctx context.Context, c Checkout, refs map[string]string) ([]string, error) {
	if c.Commit == "" {
		return nil, nil
	}
	var cut []string
	if c.Depth != 1 && r.IsShallow() {
		data, err := os.ReadFile(filepath.Join(r.commonDir, "shallow"))
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s: %w", r, err)
		}
		cut = strings.Fields(string(data))
	}
	if c.Depth == 0 {
		return cut, nil
	}
	tips := []string{c.Commit}
	if c.Tags {
		tagged, err := r.taggedCommits(ctx)
		if err != nil {
			return nil, err
		}
		tips = append(tips, tagged...)
	}
	if c.Depth == 1 {
		commit, err := r.Commit(ctx, c.Commit)
		if err != nil {
			return nil, err
		}
		if len(commit.Parents) == 0 {
			tips = tips[1:]
		}
		return compact(tips), nil
	}
	ends, err := r.boundary(ctx, tips, c.Depth)
	return compact(append(cut, ends...)), err
}

// compact sorts and removes doubles.
func compact(shas []string) []string {
	slices.Sort(shas)
	return slices.Compact(shas)
}

// taggedCommits returns the commits that tags point at, through tag objects.
func (r *Repo) taggedCommits(ctx context.Context) ([]string, error) {
	out, err := r.git(ctx, "for-each-ref", "--format=%(if:equals=commit)%(objecttype)%(then)%(objectname)%(else)%(*objectname) %(*objecttype)%(end)", "refs/tags")
	if err != nil {
		return nil, err
	}
	var commits []string
	for line := range strings.Lines(string(out)) {
		sha, kind, peeled := strings.Cut(strings.TrimSpace(line), " ")
		if IsSHA(sha) && (!peeled || kind == "commit") {
			commits = append(commits, sha)
		}
	}
	return commits, nil
}

// boundary returns the commits that are depth commits away from the nearest tip
// and have parents: with them hidden, depth commits of history are left.
func (r *Repo) boundary(ctx context.Context, tips []string, depth int) ([]string, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	read, write := io.Pipe()
	var listing sync.WaitGroup
	listing.Go(func() {
		args := append([]string{"--git-dir=" + r.gitDir, "rev-list", "--parents"}, tips...)
		_, err := call{dir: r.root, out: write}.output(ctx, args...)
		write.CloseWithError(err) // nil is the end
	})
	parents := map[string][]string{}
	lines := bufio.NewScanner(read)
	lines.Buffer(nil, 1<<20)
	// parentsOf reads on until the commit has been listed: newest come first, so
	// most of a long history is never walked.
	parentsOf := func(sha string) []string {
		for {
			if list, ok := parents[sha]; ok {
				return list
			}
			if !lines.Scan() {
				return nil
			}
			ids := strings.Fields(lines.Text())
			if len(ids) > 0 {
				parents[ids[0]] = ids[1:]
			}
		}
	}
	var ends []string
	seen := map[string]bool{}
	for level := tips; depth > 0; depth-- {
		var next []string
		for _, sha := range level {
			if seen[sha] {
				continue
			}
			seen[sha] = true
			above := parentsOf(sha)
			if depth == 1 && len(above) > 0 {
				ends = append(ends, sha)
			}
			next = append(next, above...)
		}
		level = next
	}
	err := lines.Err()
	stop()
	read.Close()
	listing.Wait()
	return ends, explain(r.root, err)
}

// configFor is the copy's configuration.
func (r *Repo) configFor(c Checkout, own config, working bool) string {
	var out configWriter
	format := "0"
	if own.last("extensions.objectformat") != "" {
		format = "1"
	}
	out.section("core", "")
	out.set("repositoryformatversion", format)
	out.set("filemode", "true")
	out.set("bare", "false")
	out.set("logallrefupdates", "true")
	if working {
		// The copied index knows the times and sizes of the originals, which the
		// copies keep, and their inodes, which they don't.
		out.set("checkStat", "minimal")
	}
	for _, key := range []string{"autocrlf", "eol", "safecrlf", "symlinks", "ignorecase", "precomposeunicode"} {
		if values, ok := own["core."+key]; ok {
			out.set(key, values[len(values)-1])
		}
	}
	if format == "1" {
		out.section("extensions", "")
		out.set("objectFormat", own.last("extensions.objectformat"))
	}
	out.section("gc", "")
	out.set("auto", "0")

	source := (&url.URL{Scheme: "file", Path: r.commonDir}).String()
	origin := c.Origin
	if origin == "" {
		origin = source
	}
	out.section("remote", "origin")
	out.set("url", origin)
	out.set("fetch", "+refs/heads/*:refs/remotes/origin/*")
	if name, ok := strings.CutPrefix(c.Ref, "refs/heads/"); ok {
		out.section("branch", name)
		out.set("remote", "origin")
		out.set("merge", c.Ref)
	}
	if origin != source {
		// Fetch here, push there: the commit may exist here only.
		out.section("url", source)
		out.set("insteadOf", origin)
		out.section("url", origin)
		out.set("pushInsteadOf", origin)
	}
	return out.String()
}

// configWriter writes git's configuration format.
type configWriter struct {
	strings.Builder
}

var quoteConfig = strings.NewReplacer("\\", "\\\\", "\"", "\\\"", "\n", "\\n")

func (w *configWriter) section(name, sub string) {
	if sub == "" {
		fmt.Fprintf(w, "[%s]\n", name)
		return
	}
	fmt.Fprintf(w, "[%s \"%s\"]\n", name, quoteConfig.Replace(sub))
}

func (w *configWriter) set(key, value string) {
	fmt.Fprintf(w, "\t%s = \"%s\"\n", key, quoteConfig.Replace(value))
}
