package hashfiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"slipway/internal/fault"
)

// tree makes a workspace with files (their content is their name) and symbolic
// links ("name -> target").
func tree(t testing.TB, entries ...string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name, target, link := strings.Cut(entry, " -> ")
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if link {
			err = os.Symlink(target, file)
		} else {
			err = os.WriteFile(file, []byte(name), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// sum is the hash of files by their names, in order; "" for none.
func sum(names ...string) string {
	if len(names) == 0 {
		return ""
	}
	all := sha256.New()
	for _, name := range names {
		one := sha256.Sum256([]byte(name))
		all.Write(one[:])
	}
	return hex.EncodeToString(all.Sum(nil))
}

func TestHash(t *testing.T) {
	root := tree(t, "a.txt", "b/c.go", "b/d.txt", "b.txt", "b/.hidden", "b-c/x.go", "é/ü.go", "[x]/y", "*",
		"link -> b", "filelink -> a.txt", "b/up -> ..")
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"one", []string{"a.txt"}, []string{"a.txt"}},
		{"none", []string{"none"}, nil},
		{"no pattern", []string{"", "# comment", "  "}, nil},
		{"order of the folders", []string{"**/*.go", "**/*.txt"}, []string{"a.txt", "b/c.go", "b/d.txt", "b-c/x.go", "b.txt", "é/ü.go"}},
		{"excluded", []string{"**/*.txt", "!b/**"}, []string{"a.txt", "b.txt"}},
		{"included again", []string{"**/*.txt", "!b/**", "b/d*"}, []string{"a.txt", "b/d.txt", "b.txt"}},
		{"a folder means what is in it", []string{"b"}, []string{"b/.hidden", "b/c.go", "b/d.txt"}},
		{"a folder with a slash", []string{"b/"}, []string{"b/.hidden", "b/c.go", "b/d.txt"}},
		{"a file with a slash", []string{"a.txt/"}, nil},
		{"dot", []string{"./b/*.go"}, []string{"b/c.go"}},
		{"several lines", []string{"a.txt\r\n b.txt \n"}, []string{"a.txt", "b.txt"}},
		{"absolute", []string{root + "/b/*.go"}, []string{"b/c.go"}},
		{"above", []string{filepath.Dir(root) + "/**/c.go"}, []string{"b/c.go"}},
		{"outside", []string{"/etc/passwd"}, nil},
		{"hidden", []string{"b/.h*"}, []string{"b/.hidden"}},
		{"question mark", []string{"?.txt", "?/?.go"}, []string{"a.txt", "b/c.go", "b.txt", "é/ü.go"}},
		{"set", []string{"[a]*", "[!a-c]/*"}, []string{"a.txt", "é/ü.go"}},
		{"escaped", []string{`\*`, "[[]x]/y"}, []string{"*", "[x]/y"}},
		{"braces are plain", []string{"{a,b}.txt"}, nil},
		{"links to folders are not followed", []string{"link", "link/**", "b/up"}, nil},
		{"links to files count", []string{"filelink"}, []string{"a.txt"}},
		{"links followed", []string{"--Follow-Symbolic-Links", "link/*.go"}, []string{"b/c.go"}},
		{"links followed, not in circles", []string{"--follow-symbolic-links", "b/**/[ac].*"}, []string{"b/c.go", "a.txt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Hash(t.Context(), root, c.args)
			if err != nil || got != sum(c.want...) {
				t.Errorf("got %q, %v, want the hash of %q", got, err, c.want)
			}
		})
	}
}

func TestHashErrors(t *testing.T) {
	root := tree(t, "a", "broken -> nowhere")
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		root string
		args []string
		code fault.Code
		want string
	}{
		{"option", t.Context(), root, []string{"--other", "a"}, fault.Invalid, "Invalid glob option --other"},
		{"too many", t.Context(), root, make([]string, 256), fault.Invalid, "at most 255 patterns"},
		{"way out", t.Context(), root, []string{"a/../b"}, fault.Invalid, "Relative pathing '.' and '..' is not allowed"},
		{"only a negation", t.Context(), root, []string{"!"}, fault.Invalid, "pattern cannot be empty"},
		{"quoted", t.Context(), root, []string{"it's/.."}, fault.Invalid, "hashFiles('it''s/..') failed. Fail to hash files under directory '" + root},
		{"too long", t.Context(), root, []string{strings.Repeat("a/", 40_000) + "*"}, fault.Invalid, "pattern is too long"},
		{"broken link", t.Context(), root, []string{"b*"}, fault.Upstream, "no such file"},
		{"pipe", t.Context(), root, []string{"p*"}, fault.Upstream, "is a pipe, not a file"},
		{"no workspace", t.Context(), root + "/none", []string{"a"}, fault.Upstream, "no such file"},
		{"cancelled", done, root, []string{"**"}, fault.Cancelled, "context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Hash(c.ctx, c.root, c.args)
			if got != "" || err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != c.code {
				t.Errorf("got %q, %v (%s), want %s %q", got, err, fault.CodeOf(err), c.code, c.want)
			}
		})
	}
	if _, err := Hash(done, root, []string{"**"}); !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestWorkspaceBehindLink(t *testing.T) {
	root := tree(t, "real/a", "link -> real")
	for _, pattern := range []string{"a", "./a", root + "/real/a"} {
		if got, err := Hash(t.Context(), root+"/link", []string{pattern}); err != nil || got != sum("real/a") {
			t.Errorf("%s: got %q, %v", pattern, got, err)
		}
	}
}

func FuzzHash(f *testing.F) {
	root := tree(f, "a.txt", "b/c.go", "b/[x]", "é")
	for _, seed := range []string{"**/*.go", "!**\n[!a-b]/?", `\*[[:alpha:]-z]`, "~/x", "[[:^x:]", "a/./b", "[a-", "[]-a]"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, pattern string, follow bool) {
		args := []string{pattern}
		if follow {
			args = []string{followOption, pattern}
		}
		if _, err := Hash(t.Context(), root, args); err != nil && fault.CodeOf(err) == fault.Internal {
			t.Fatal(err)
		}
	})
}
