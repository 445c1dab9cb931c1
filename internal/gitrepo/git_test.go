package gitrepo

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/testkit"
)

// sandbox is a folder for repositories whose git knows nothing of this machine's settings.
type sandbox struct {
	t   testing.TB
	dir string
}

func newSandbox(t testing.TB) sandbox {
	t.Helper()
	testkit.Need(t, "git")
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "2",
		"GIT_CONFIG_KEY_0": "init.defaultBranch", "GIT_CONFIG_VALUE_0": "main",
		"GIT_CONFIG_KEY_1": "protocol.file.allow", "GIT_CONFIG_VALUE_1": "always",
		"GIT_AUTHOR_NAME": "Ada Lovelace", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_AUTHOR_DATE": "1700000000 +0100",
		"GIT_COMMITTER_NAME": "Charles", "GIT_COMMITTER_EMAIL": "charles@example.com", "GIT_COMMITTER_DATE": "1700000600 +0000",
	} {
		t.Setenv(name, value)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return sandbox{t: t, dir: dir}
}

// in is the sandbox for a subtest.
func (s sandbox) in(t testing.TB) sandbox { return sandbox{t: t, dir: s.dir} }

func (s sandbox) path(name string) string { return filepath.Join(s.dir, name) }

// git runs git in a folder of the sandbox and returns what it printed, trimmed.
func (s sandbox) git(dir string, args ...string) string {
	s.t.Helper()
	out, err := s.tryGit(dir, args...)
	if err != nil {
		s.t.Fatalf("git %s in %s: %v\n%s", strings.Join(args, " "), dir, err, out)
	}
	return out
}

func (s sandbox) tryGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = s.path(dir)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// init makes a repository with one commit.
func (s sandbox) init(dir string) {
	s.t.Helper()
	s.write(dir, map[string]string{"README.md": "hello\n"})
	s.git(dir, "init", "--quiet")
	s.commit(dir, "first")
}

// write writes files; a name that ends in "*" is made executable, a content
// that starts with "->" makes a symbolic link.
func (s sandbox) write(dir string, files map[string]string) {
	s.t.Helper()
	if err := os.MkdirAll(s.path(dir), 0o755); err != nil {
		s.t.Fatal(err)
	}
	for name, content := range files {
		name, executable := strings.CutSuffix(name, "*")
		at := filepath.Join(s.path(dir), name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			s.t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(content, "->"); link {
			err = os.Symlink(target, at)
		} else {
			mode := os.FileMode(0o644)
			if executable {
				mode = 0o755
			}
			err = os.WriteFile(at, []byte(content), mode)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// commit commits everything and returns the sha.
func (s sandbox) commit(dir, message string) string {
	s.t.Helper()
	s.git(dir, "add", "--all")
	s.git(dir, "commit", "--quiet", "--allow-empty", "--message", message)
	return s.git(dir, "rev-parse", "HEAD")
}

func (s sandbox) open(dir string) *Repo {
	s.t.Helper()
	repo, err := Open(s.path(dir))
	if err != nil {
		s.t.Fatal(err)
	}
	return repo
}

func (s sandbox) read(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(s.path(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

func (s sandbox) exists(name string) bool {
	_, err := os.Lstat(s.path(name))
	return err == nil
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
