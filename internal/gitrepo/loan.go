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

	"golang.org/x/sys/unix"

	"slipway/internal/fault"
)

// loan is a repository in a checkout's folder that borrows another's objects.
type loan struct {
	Checkout
	from    *Repo
	working bool // its index will be a copy of the original's
}

// make makes Dst/.git: a repository that has the commit and the history that
// the checkout asks for, without copying an object. It is written here rather
// than by git, which would take a dozen processes.
func (l loan) make(ctx context.Context) error {
	refs, err := l.refs(ctx)
	if err != nil {
		return err
	}
	shallow, err := l.shallow(ctx)
	if err != nil {
		return err
	}
	own, err := l.from.readConfig(ctx)
	if err != nil {
		return err
	}
	files := map[string]string{
		"HEAD":                    l.head(),
		"config":                  l.config(own),
		"objects/info/alternates": filepath.Join(l.from.commonDir, "objects") + "\n",
		"packed-refs":             packRefs(refs),
	}
	if len(shallow) > 0 {
		files["shallow"] = strings.Join(shallow, "\n") + "\n"
	}
	if err := removeGit(l.Dst); err != nil {
		return fault.New(fault.Internal, "remove the old repository in %s: %w", l.Dst, err)
	}
	dir := filepath.Join(l.Dst, ".git")
	for _, sub := range []string{"objects/info", "objects/pack", "refs/heads", "refs/tags", "info", "hooks"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			return fault.New(fault.Internal, "make a repository in %s: %w", l.Dst, err)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			return fault.New(fault.Internal, "make a repository in %s: %w", l.Dst, err)
		}
	}
	return nil
}

// headFor is what HEAD holds: actions/checkout checks branches out as branches
// and everything else as a commit.
func (l loan) head() string {
	if strings.HasPrefix(l.Ref, "refs/heads/") {
		return "ref: " + l.Ref + "\n"
	}
	if l.Commit == "" {
		return "ref: refs/heads/main\n"
	}
	return l.Commit + "\n"
}

// refsFor returns the copy's refs: those actions/checkout fetches, by name.
func (l loan) refs(ctx context.Context) (map[string]string, error) {
	refs := map[string]string{}
	if l.Depth == 0 || l.Tags {
		if err := l.addAllRefs(ctx, refs); err != nil {
			return nil, err
		}
	}
	if l.Commit == "" {
		return refs, nil
	}
	if name, ok := strings.CutPrefix(l.Ref, "refs/heads/"); ok {
		refs[l.Ref] = l.Commit
		refs["refs/remotes/origin/"+name] = l.Commit
	} else if name, ok := strings.CutPrefix(l.Ref, "refs/pull/"); ok {
		refs["refs/remotes/pull/"+name] = l.Commit
	} else if strings.HasPrefix(l.Ref, "refs/tags/") && refs[l.Ref] == "" {
		sha, err := l.from.ref(ctx, l.Ref) // an annotated tag is an object of its own
		if err != nil {
			return nil, err
		}
		if sha == "" {
			sha = l.Commit
		}
		refs[l.Ref] = sha
	}
	return refs, nil
}

// addAllRefs adds all tags and, with all history, all branches: those last seen
// on origin, and local ones that origin hasn't.
func (l loan) addAllRefs(ctx context.Context, refs map[string]string) error {
	out, err := l.from.git(ctx, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags", "refs/heads", "refs/remotes/origin")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		sha, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case strings.HasPrefix(name, "refs/tags/"):
			refs[name] = sha
		case l.Depth > 0 || name == "refs/remotes/origin/HEAD":
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
func (l loan) shallow(ctx context.Context) ([]string, error) {
	if l.Commit == "" {
		return nil, nil
	}
	var cut []string
	if l.Depth != 1 && l.from.IsShallow() {
		data, err := os.ReadFile(filepath.Join(l.from.commonDir, "shallow"))
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s: %w", l.from, err)
		}
		cut = strings.Fields(string(data))
	}
	if l.Depth == 0 {
		return cut, nil
	}
	tips := []string{l.Commit}
	if l.Tags {
		tagged, err := l.taggedCommits(ctx)
		if err != nil {
			return nil, err
		}
		tips = append(tips, tagged...)
	}
	if l.Depth == 1 {
		commit, err := l.from.Commit(ctx, l.Commit)
		if err != nil {
			return nil, err
		}
		if len(commit.Parents) == 0 {
			tips = tips[1:]
		}
		return compact(tips), nil
	}
	ends, err := l.boundary(ctx, tips, l.Depth)
	return compact(append(cut, ends...)), err
}

// compact sorts and removes doubles.
func compact(shas []string) []string {
	slices.Sort(shas)
	return slices.Compact(shas)
}

// taggedCommits returns the commits that tags point at, through tag objects.
func (l loan) taggedCommits(ctx context.Context) ([]string, error) {
	out, err := l.from.git(ctx, "for-each-ref", "--format=%(if:equals=commit)%(objecttype)%(then)%(objectname)%(else)%(*objectname) %(*objecttype)%(end)", "refs/tags")
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
func (l loan) boundary(ctx context.Context, tips []string, depth int) ([]string, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	read, write := io.Pipe()
	var listing sync.WaitGroup
	listing.Go(func() {
		args := append([]string{"--git-dir=" + l.from.gitDir, "rev-list", "--parents"}, tips...)
		_, err := call{dir: l.from.root, out: write}.output(ctx, args...)
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
	return ends, explain(l.from.root, err)
}

// configFor is the copy's configuration.
func (l loan) config(own config) string {
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
	if l.working {
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

	if key, value := AuthHeader(l.Origin, l.Token); key != "" {
		out.section("http", strings.TrimSuffix(strings.TrimPrefix(key, "http."), ".extraheader"))
		out.set("extraheader", value)
	}
	source := (&url.URL{Scheme: "file", Path: l.from.commonDir}).String()
	origin := l.Origin
	if origin == "" {
		origin = source
	}
	out.section("remote", "origin")
	out.set("url", origin)
	out.set("fetch", "+refs/heads/*:refs/remotes/origin/*")
	if name, ok := strings.CutPrefix(l.Ref, "refs/heads/"); ok {
		out.section("branch", name)
		out.set("remote", "origin")
		out.set("merge", l.Ref)
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

// removeGit removes what a folder has as its repository.
func removeGit(dst string) error {
	path := filepath.Join(dst, ".git")
	if err := unix.Unlink(path); err == nil {
		return nil // a .git file or link
	}
	return os.RemoveAll(path)
}
