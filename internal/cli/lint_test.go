package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeLintFiles makes a folder with files, slash-separated names to contents.
func writeLintFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func lintMain(t *testing.T, args ...string) (code int, out, stderr string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main(t.Context(), append([]string{"lint"}, args...), Streams{In: strings.NewReader(""), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

const (
	lintFine = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n"
	lintWarn = "on: push\njobs:\n  a:\n    runs-on: ubuntu-lastest\n    steps: [{run: make}]\n"
	lintBad  = "on: push\njobs:\n  a:\n    steps: [{run: make}]\n"
)

func TestLintExitCodes(t *testing.T) {
	dir := writeLintFiles(t, map[string]string{"fine.yml": lintFine, "warn.yml": lintWarn, "bad.yml": lintBad, "empty/readme": ""})
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{at("fine.yml")}, ExitPassed},
		{[]string{at("warn.yml")}, ExitPassed},
		{[]string{"--strict", at("warn.yml")}, ExitFailed},
		{[]string{at("bad.yml")}, ExitFailed},
		{[]string{at("fine.yml"), at("bad.yml")}, ExitFailed},
		{[]string{dir}, ExitFailed},
		{[]string{at("nowhere.yml")}, ExitUsage},
		{[]string{at("empty")}, ExitUsage},
		{[]string{"--format", "xml", at("fine.yml")}, ExitUsage},
		{[]string{"--json", "--format", "github", at("fine.yml")}, ExitUsage},
		{[]string{"--limit", "max-depth=0", at("fine.yml")}, ExitUsage},
		{[]string{"--called", "=x", at("fine.yml")}, ExitUsage},
		{[]string{"--permissions-policy", "read", at("fine.yml")}, ExitUsage},
		{[]string{"--what"}, ExitUsage},
		{[]string{"--help"}, ExitPassed},
	} {
		code, out, stderr := lintMain(t, c.args...)
		if code != c.want {
			t.Errorf("lint %v: exit %d, want %d\n%s%s", c.args, code, c.want, out, stderr)
		}
		if (code == ExitUsage) != (stderr != "") {
			t.Errorf("lint %v: exit %d with the message %q", c.args, code, stderr)
		}
	}
}

func TestLintCalledFiles(t *testing.T) {
	caller := func(uses string) string { return "on: push\njobs:\n  a:\n    uses: " + uses + "\n" }
	dir := writeLintFiles(t, map[string]string{
		".github/workflows/ok.yml":       "on: workflow_call\n" + strings.TrimPrefix(lintFine, "on: push\n"),
		".github/workflows/ok-call.yml":  caller("./.github/workflows/ok.yml"),
		".github/workflows/self.yml":     caller("$/.github/workflows/ok.yml"),
		".github/workflows/missing.yml":  caller("./.github/workflows/nowhere.yml"),
		".github/workflows/outside.yml":  caller("./.github/workflows/../../../x.yml"),
		".github/workflows/remote.yml":   caller("o/r/.github/workflows/x.yml@v1"),
		".github/workflows/not-call.yml": caller("./.github/workflows/remote.yml"),
	})
	for name, want := range map[string]string{
		"ok-call.yml":  "",
		"self.yml":     "",
		"remote.yml":   "",
		"missing.yml":  "there is no such file in this repository",
		"outside.yml":  "",
		"not-call.yml": "workflow_call key is not defined",
	} {
		code, out, _ := lintMain(t, filepath.Join(dir, ".github/workflows", name))
		if want == "" && name != "outside.yml" && code != ExitPassed || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d\n%s", name, code, out)
		}
		if name == "outside.yml" && code != ExitFailed {
			t.Errorf("a call that leads out of the repository passes:\n%s", out)
		}
	}
	code, out, _ := lintMain(t, "--called", "o/r/.github/workflows/x.yml@v1="+filepath.Join(dir, "gone.yml"), filepath.Join(dir, ".github/workflows/remote.yml"))
	if code != ExitFailed || !strings.Contains(out, "gone.yml") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

// TestLintFilesOutsideARepository: nothing is known of what they call by path.
func TestLintFilesOutsideARepository(t *testing.T) {
	dir := writeLintFiles(t, map[string]string{
		"x.yml": "on: push\njobs:\n  a:\n    uses: ./.github/workflows/y.yml\n  b:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v5\n      - uses: ./here\n",
	})
	if repositoryRoot(dir) != "" {
		t.Skip("the folder for temporary files lies in a repository")
	}
	if code, out, _ := lintMain(t, filepath.Join(dir, "x.yml")); code != ExitPassed || !strings.Contains(out, "0 warnings") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestLintWithoutArguments(t *testing.T) {
	dir := writeLintFiles(t, map[string]string{".github/workflows/warn.yaml": lintWarn, ".github/workflows/notes.txt": "no"})
	t.Chdir(filepath.Join(dir, ".github"))
	code, out, _ := lintMain(t)
	if code != ExitPassed || !strings.HasPrefix(out, "workflows/warn.yaml:4:14: warning: ") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
