package envfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"slipway/internal/fault"
)

// show renders pairs as `line NAME="value"`, one a line.
func show(pairs []Pair) string {
	var b strings.Builder
	for _, p := range pairs {
		fmt.Fprintf(&b, "%d %s=%q\n", p.Line, p.Name, p.Value)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestParsePairs(t *testing.T) {
	for _, c := range []struct{ name, in, want, err string }{
		{"empty", "", "", ""},
		{"simple", "MY_ENV=MY VALUE\n", `1 MY_ENV="MY VALUE"`, ""},
		{"without a line end", "MY_ENV=MY VALUE", `1 MY_ENV="MY VALUE"`, ""},
		{"empty lines", "\nMY_ENV=my value\n\nMY_ENV_2=my second value\n\n", "2 MY_ENV=\"my value\"\n4 MY_ENV_2=\"my second value\"", ""},
		{"empty value", "MY_ENV=", `1 MY_ENV=""`, ""},
		{"special characters", "MY_ENV==abc\nMY_ENV_2=def=ghi\nMY_ENV_3=jkl=\n", "1 MY_ENV=\"=abc\"\n2 MY_ENV_2=\"def=ghi\"\n3 MY_ENV_3=\"jkl=\"", ""},
		{"equals before <<", "A=b<<EOF\n", `1 A="b<<EOF"`, ""},
		{"spaces", " A = b \n", `1  A =" b "`, ""},
		{"carriage returns stay", "A=b\r\nC=d\re\n", "1 A=\"b\\r\"\n2 C=\"d\\re\"", ""},
		{"no comments", "#A=b\n", `1 #A="b"`, ""},
		{"byte order mark", "\xEF\xBB\xBFA=b", `1 A="b"`, ""},
		{"UTF-16", "\xFF\xFEA\x00=\x00\x3D\xD8\x00\xDE", `1 A="😀"`, ""},
		{"UTF-16 big endian", "\xFE\xFF\x00A\x00=\x00b\x00", `1 A="b"`, ""},
		{"no UTF-8", "A=\xff", `1 A="\xff"`, ""},

		{"heredoc", "MY_ENV<<EOF\nline one\nline two\nline three\nEOF\n", `1 MY_ENV="line one\nline two\nline three"`, ""},
		{"heredoc, no line end after it", "A<<EOF\nx\nEOF", `1 A="x"`, ""},
		{"heredoc, empty", "MY_ENV<<EOF\nEOF\n", `1 MY_ENV=""`, ""},
		{"heredoc, an empty line", "A<<EOF\n\nEOF\n", `1 A=""`, ""},
		{"heredoc, two empty lines", "A<<EOF\n\n\nEOF\n", `1 A="\n"`, ""},
		{"heredocs between empty lines", "\nA<<EOF\nhello\nworld\nEOF\n\nB<<EOF\nHELLO\nAGAIN\nEOF\n\n", "2 A=\"hello\\nworld\"\n7 B=\"HELLO\\nAGAIN\"", ""},
		{"heredoc, special characters", "A<<=EOF\nhello\none\n=EOF\nB<<<EOF\nhello\ntwo\n<EOF\nC<<EOF\nhello\n\nthree\n\nEOF\nD<<EOF\nhello=four\nEOF\nE<<EOF\n EOF\nEOF\n",
			"1 A=\"hello\\none\"\n5 B=\"hello\\ntwo\"\n9 C=\"hello\\n\\nthree\\n\"\n15 D=\"hello=four\"\n18 E=\" EOF\"", ""},
		{"heredoc with CRLF", "A<<EOF\r\nx\r\ny\r\nEOF\r\n", `1 A="x\r\ny\r"`, ""},
		{"heredoc with spaces", "A << EOF\nx\n EOF\n", `1 A ="x"`, ""},

		{"no sign", "A=b\nno sign\n", `1 A="b"`, "GITHUB_ENV, line 2: Invalid format 'no sign'. Expected NAME=VALUE or NAME<<DELIMITER"},
		{"no name", "=b\n", "", "GITHUB_ENV, line 1: Invalid format '=b'. Name must not be empty"},
		{"no delimiter", "A<<\nx\n", "", "line 1: Invalid format 'A<<'. Name must not be empty and delimiter must not be empty"},
		{"no name before <<", "<<EOF\nx\nEOF\n", "", "line 1: Invalid format '<<EOF'. Name must not be empty and delimiter must not be empty"},
		{"delimiter missing", "B=c\nA<<EOF\nx\ny\n", `1 B="c"`, "line 2: Invalid value. Matching delimiter not found 'EOF'"},
		{"nothing follows", "A<<EOF", "", "Invalid value. Matching delimiter not found 'EOF'"},
		{"delimiter missing, no line end", "A<<EOF\nx\ny", "", "line 3: Invalid value. EOF marker missing new line"},
		{"all in one line", "A<<EOF line one line two EOF ", "", "Invalid value. Matching delimiter not found 'EOF line one line two EOF '"},
		{"delimiter with CR", "A<<EOF\nx\nEOF\r\n", "", "Matching delimiter not found 'EOF'"},
		{"NUL", "A=b\x00c\n", "", "line 1: The variable 'A' holds a NUL byte"},
		{"a long line", strings.Repeat("x", 150) + strings.Repeat("é", 100), "", "Invalid format '" + strings.Repeat("x", 150) + strings.Repeat("é", 25) + "…'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pairs, err := ParsePairs(Env, []byte(c.in))
			if got := show(pairs); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("got error %v, want %q", err, c.err)
			}
			if err != nil && fault.CodeOf(err) != fault.Invalid {
				t.Errorf("got code %s", fault.CodeOf(err))
			}
		})
	}
	// An output may hold what a variable can't.
	if pairs, err := ParsePairs(Output, []byte("A=b\x00c")); err != nil || show(pairs) != `1 A="b\x00c"` {
		t.Errorf("got %s, %v", show(pairs), err)
	}
}

// write makes a file.
func write(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestReadPairs(t *testing.T) {
	pairs, err := ReadPairs(State, write(t, "A=b\n"))
	if err != nil || show(pairs) != `1 A="b"` {
		t.Errorf("got %s, %v", show(pairs), err)
	}
	dir := t.TempDir()
	for _, missing := range []string{filepath.Join(dir, "none"), filepath.Join(dir, "none", "none"), filepath.Join(write(t, ""), "x")} {
		if pairs, err := ReadPairs(Env, missing); pairs != nil || err != nil {
			t.Errorf("%s: got %v, %v", missing, pairs, err)
		}
	}
}

func TestWhatIsNoFileIsAnError(t *testing.T) {
	dir := t.TempDir()
	pipe, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, want string }{
		{dir, "it is no regular file any more but d"},
		{pipe, "it is no regular file any more but p"},
		{"/dev/zero", "it is no regular file any more but D"},
		{large, "the file is larger than 16 MiB"},
	} {
		for kind, read := range map[Kind]func() error{
			Env:  func() error { _, err := ReadPairs(Env, c.path); return err },
			Path: func() error { _, err := ReadPath(c.path); return err },
		} {
			if err := read(); err == nil || !strings.HasPrefix(err.Error(), string(kind)+": ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s %s: got %v, want %q", kind, c.path, err, c.want)
			}
		}
	}
}

func TestBlocked(t *testing.T) {
	if message, blocked := Blocked("node_OPTIONS"); !blocked || message != "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command." {
		t.Errorf("got %q, %v", message, blocked)
	}
	if _, blocked := Blocked("NODE_OPTION"); blocked {
		t.Error("NODE_OPTION is blocked")
	}
}

func TestReadPath(t *testing.T) {
	folders, err := ReadPath(write(t, "\xEF\xBB\xBF/a\n\n/b c\r\n/d\r\r\n /e"))
	if want := []string{"/a", "/b c", "/d", " /e"}; err != nil || !slices.Equal(folders, want) {
		t.Errorf("got %q, %v, want %q", folders, err, want)
	}
	folders, err = ReadPath(write(t, "/a\n/b\x00\n/c"))
	if err == nil || !strings.Contains(err.Error(), "GITHUB_PATH, line 2: ") || !slices.Equal(folders, []string{"/a"}) {
		t.Errorf("got %q, %v", folders, err)
	}
}

func TestPrepend(t *testing.T) {
	was := []string{"/a", "/b", "/a", "/c"}
	if got := Prepend(was, "/a"); !slices.Equal(got, []string{"/b", "/c", "/a"}) || was[0] != "/a" {
		t.Errorf("got %q", got)
	}
	if got := Prepend(nil, "/a"); !slices.Equal(got, []string{"/a"}) {
		t.Errorf("got %q", got)
	}
}

func TestReadSummary(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"# Title\r\n\r\ntext", "# Title\n\ntext\n"},
		{"\n", "\n"},
		{"\xEF\xBB\xBFx\n", "x\n"},
		{strings.Repeat("x", MaxSummaryBytes), strings.Repeat("x", MaxSummaryBytes) + "\n"},
	} {
		if got, err := ReadSummary(write(t, c.in)); err != nil || string(got) != c.want {
			t.Errorf("%.20q: got %.20q, %v", c.in, got, err)
		}
	}
	if got, err := ReadSummary(filepath.Join(t.TempDir(), "none")); got != nil || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := ReadSummary(write(t, strings.Repeat("x", MaxSummaryBytes+2048)))
	if want := "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got 1026k. For more information see: https://docs.github.com/"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestContextName(t *testing.T) {
	for kind, want := range map[Kind]string{Env: "env", Output: "output", State: "state", Path: "path", Summary: "step_summary"} {
		if got := kind.ContextName(); got != want {
			t.Errorf("%s: got %s, want %s", kind, got, want)
		}
	}
}

func FuzzParsePairs(f *testing.F) {
	for _, seed := range []string{"A=b\n", "A<<EOF\nx\nEOF\n", "A<<E\r\nx\r\nE\r\n", "\xFF\xFEA\x00", "=", "<<", "A<<\n", "\n\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pairs, err := ParsePairs(Env, data)
		line := 0
		for _, p := range pairs {
			if p.Name == "" || p.Line <= line {
				t.Fatalf("%q: %+v after line %d", data, p, line)
			}
			line = p.Line
		}
		if err != nil && fault.CodeOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		// What was read can be written and read again.
		delimiter := "DELIMITER"
		var text strings.Builder
		for _, p := range pairs {
			if strings.Contains(p.Value, delimiter) || strings.ContainsAny(p.Name, "=<") {
				return
			}
			fmt.Fprintf(&text, "%s<<%s\n%s\n%s\n", p.Name, delimiter, p.Value, delimiter)
		}
		again, err := ParsePairs(Env, []byte(text.String()))
		if err != nil || len(again) != len(pairs) {
			t.Fatalf("%q: %d pairs, then %d, %v", data, len(pairs), len(again), err)
		}
		for i := range again {
			if again[i].Name != pairs[i].Name || again[i].Value != pairs[i].Value {
				t.Fatalf("%q: %+v, then %+v", data, pairs[i], again[i])
			}
		}
	})
}
