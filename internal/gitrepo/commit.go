package gitrepo

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/internal/fault"
)

// Commit is one commit.
type Commit struct {
	SHA       string
	Tree      string
	Parents   []string // as written in the commit; a shallow repository may not have them
	Author    Person
	Committer Person
	Message   string // whole, valid UTF-8, without its last line end
}

// Person is who wrote or committed something, and when.
type Person struct {
	Name, Email string
	When        time.Time // with the offset that was written
}

// Subject is the first line of the message.
func (c *Commit) Subject() string {
	subject, _, _ := strings.Cut(c.Message, "\n")
	return subject
}

// Tip is the commit HEAD stands on, or nil when there is none.
func (r *Repo) Tip(ctx context.Context) (*Commit, error) {
	head, err := r.Head(ctx)
	if err != nil || head.SHA == "" {
		return nil, err
	}
	return r.tip.get(func() (*Commit, error) { return r.Commit(ctx, head.SHA) })
}

// maxCommit bounds the commit objects we read: messages beyond it are no messages.
const maxCommit = 16 << 20

// Commit reads a commit by its full sha. Errors: fault.NotFound when the
// repository does not have it.
func (r *Repo) Commit(ctx context.Context, sha string) (*Commit, error) {
	if !r.IsGit() || !IsSHA(sha) {
		return nil, fault.New(fault.NotFound, "%s has no commit %q", r, sha)
	}
	if raw, ok := r.looseCommit(sha); ok {
		return parseCommit(sha, raw)
	}
	raw, err := r.git(ctx, "cat-file", "commit", sha)
	if err != nil {
		if says(err, "bad file") || says(err, "could not get object info") {
			return nil, fault.New(fault.NotFound, "%s has no commit %s (%w)", r, sha, err)
		}
		return nil, err
	}
	return parseCommit(sha, raw)
}

// looseCommit reads a commit that stands in a file of its own, as one just made
// does. Anything unusual is left to git.
func (r *store) looseCommit(sha string) ([]byte, bool) {
	f, err := os.Open(filepath.Join(r.commonDir, "objects", sha[:2], sha[2:]))
	if err != nil {
		return nil, false
	}
	defer f.Close()
	z, err := zlib.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, false
	}
	data, err := io.ReadAll(io.LimitReader(z, maxCommit+1))
	if err != nil || len(data) > maxCommit {
		return nil, false
	}
	header, body, ok := bytes.Cut(data, []byte{0})
	return body, ok && string(header) == "commit "+strconv.Itoa(len(body))
}

// parseCommit reads a commit object's content.
func parseCommit(sha string, raw []byte) (*Commit, error) {
	head, message, _ := strings.Cut(string(raw), "\n\n")
	c := &Commit{SHA: sha}
	encoding := ""
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key { // "" continues the header before it, a signature's lines
		case "tree":
			c.Tree = value
		case "parent":
			c.Parents = append(c.Parents, value)
		case "author":
			c.Author = parsePerson(value, encoding)
		case "committer":
			c.Committer = parsePerson(value, encoding)
		case "encoding":
			encoding = value
		}
	}
	if !IsSHA(c.Tree) {
		return nil, fault.New(fault.Invalid, "the commit %s can't be read: it names no tree. Run git fsck", sha)
	}
	c.Message = decode(strings.TrimRight(message, "\n"), encoding)
	return c, nil
}

// parsePerson reads "Name <email> seconds ±hhmm".
func parsePerson(s, encoding string) Person {
	name, rest, _ := strings.Cut(s, "<")
	email, when, _ := strings.Cut(rest, ">")
	p := Person{Name: decode(strings.TrimSpace(name), encoding), Email: decode(strings.TrimSpace(email), encoding)}
	seconds, zone, _ := strings.Cut(strings.TrimSpace(when), " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return p
	}
	p.When = time.Unix(unix, 0).UTC()
	if offset, err := strconv.Atoi(zone); err == nil && offset != 0 {
		p.When = p.When.In(time.FixedZone("", (offset/100*60+offset%100)*60))
	}
	return p
}

// decode makes text written in an encoding that a commit names into UTF-8.
// Latin-1 is the one still met; bytes that are nothing become U+FFFD.
func decode(s, encoding string) string {
	switch strings.ToLower(encoding) {
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1":
		runes := make([]rune, len(s))
		for i := range len(s) {
			runes[i] = rune(s[i])
		}
		return string(runes)
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// LogLimit is the most commits Log returns: as many as GitHub puts into a push event.
const LogLimit = 2048

// Log returns the commits that head has and base has not, oldest first, at most
// the newest LogLimit of them. forced reports that base has commits head has
// not, so that moving from base to head loses them.
func (r *Repo) Log(ctx context.Context, base, head string) (commits []*Commit, forced bool, err error) {
	if !IsSHA(base) || !IsSHA(head) {
		return nil, false, fault.New(fault.NotFound, "%s has no commits %q and %q", r, base, head)
	}
	out, err := r.git(ctx, "log", "-z", "--left-right", "--no-show-signature", "--no-color", "--no-mailmap", "--encoding=UTF-8",
		"--max-count="+strconv.Itoa(LogLimit+1), "--format=tformat:%m%H %T %P%n%an <%ae> %ad%n%cn <%ce> %cd%n%B", "--date=raw", base+"..."+head)
	if err != nil {
		return nil, false, err
	}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		lines := strings.SplitN(entry, "\n", 4)
		if len(lines) < 4 || len(lines[0]) == 0 {
			continue
		}
		if lines[0][0] == '<' {
			forced = true
			continue
		}
		ids := strings.Fields(lines[0][1:])
		commits = append(commits, &Commit{
			SHA: ids[0], Tree: ids[1], Parents: ids[2:],
			Author: parsePerson(lines[1], ""), Committer: parsePerson(lines[2], ""),
			Message: decode(strings.TrimRight(lines[3], "\n"), ""),
		})
	}
	slices.Reverse(commits)
	return commits[max(0, len(commits)-LogLimit):], forced, nil
}

// ChangedFiles returns the paths in which two commits' trees differ, slash-separated
// and relative to the root; a renamed file is both its names. A base that is
// Zero, or that a shallow repository lacks, is an empty tree.
func (r *Repo) ChangedFiles(ctx context.Context, base, head string) ([]string, error) {
	if !r.IsGit() {
		return nil, nil
	}
	if !IsSHA(head) {
		return nil, fault.New(fault.NotFound, "%s has no commit %q", r, head)
	}
	if !IsSHA(base) || base == Zero || !r.has(ctx, base) {
		return r.Files(ctx, head, "")
	}
	out, err := r.git(ctx, "diff-tree", "-r", "-z", "--name-only", "--no-renames", base, head)
	return splitNul(out), err
}

// MergeBase returns the best common ancestor of two commits, given by full sha,
// or "" when they have none or one of them isn't here.
func (r *Repo) MergeBase(ctx context.Context, a, b string) (string, error) {
	if !r.IsGit() || !IsSHA(a) || !IsSHA(b) || a == Zero || b == Zero {
		return "", nil
	}
	out, err := r.git(ctx, "merge-base", a, b)
	if exitCode(err) == 1 || says(err, "Not a valid commit name") {
		return "", nil
	}
	return strings.TrimSpace(string(out)), err
}

func (r *store) has(ctx context.Context, sha string) bool {
	_, err := r.git(ctx, "cat-file", "-e", sha+"^{commit}")
	return err == nil
}

// Files lists the files of a commit under a folder ("" for all), as paths from
// the root. A folder that isn't there has none.
func (r *Repo) Files(ctx context.Context, commit, dir string) ([]string, error) {
	args := []string{"ls-tree", "-r", "-z", "--name-only", "--full-tree", commit}
	if dir != "" {
		args = append(args, "--", ":(literal)"+strings.TrimSuffix(dir, "/")+"/")
	}
	out, err := r.git(ctx, args...)
	return splitNul(out), err
}

// ReadFile returns the content of a file of a commit. Errors: fault.NotFound.
func (r *Repo) ReadFile(ctx context.Context, commit, path string) ([]byte, error) {
	if !r.IsGit() {
		return nil, r.errPlain("the commit " + commit)
	}
	out, err := r.git(ctx, "cat-file", "blob", commit+":"+path)
	if err != nil && exitCode(err) >= 0 {
		return nil, fault.New(fault.NotFound, "%s has no file %s in commit %s (%w)", r, path, commit, err)
	}
	return out, err
}

// splitNul splits what git's -z prints.
func splitNul(out []byte) []string {
	text := strings.TrimSuffix(string(out), "\x00")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}
