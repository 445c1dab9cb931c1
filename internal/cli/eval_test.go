package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// slipwayEval runs `slipway eval` with args.
func slipwayEval(stdin string, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = Main(context.Background(), append([]string{"eval"}, args...), Streams{In: strings.NewReader(stdin), Out: &out, Err: &err})
	return out.String(), err.String(), code
}

func TestEval(t *testing.T) {
	file := filepath.Join(t.TempDir(), "contexts.json")
	if err := os.WriteFile(file, []byte(`{"github": {"ref": "refs/heads/main", "n": [1, 2]}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		args   []string
		stdin  string
		stdout string
		stderr string
		code   int
	}{
		{"a string as it is", []string{"format('{0}!', 'it''s')"}, "", "it's!\n", "", 0},
		{"a number", []string{"0x10"}, "", "16\n", "", 0},
		{"null", []string{""}, "", "null\n", "", 0},
		{"an object", []string{"github", "--contexts", file}, "", "{\n  \"ref\": \"refs/heads/main\",\n  \"n\": [\n    1,\n    2\n  ]\n}\n", "", 0},
		{"in braces", []string{" ${{ GITHUB.ref }} ", "--contexts", file}, "", "refs/heads/main\n", "", 0},
		{"contexts from standard input", []string{"env.A", "--contexts", "-"}, `{"env": {"a": "b"}}`, "b\n", "", 0},
		{"status functions", []string{"always() && success() && !failure() && !cancelled()"}, "", "true\n", "", 0},
		{"json", []string{"github.n", "--contexts", file, "--json"}, "", `{"kind":"Array","value":[1,2]}` + "\n", "", 0},
		{"json of a number JSON has not", []string{"NaN", "--json"}, "", `{"kind":"Number","value":"NaN"}` + "\n", "", 0},

		{"no token", []string{`${{ github.ref == "x" }}`, "--contexts", file}, "", "",
			"slipway: Unexpected symbol: '\"x\"'. Located at position 15 within expression: github.ref == \"x\"\n" +
				"  ${{ github.ref == \"x\" }}\n" +
				"                    ^~~\n", 2},
		{"no expression", []string{"1 == \n\t 'é' ==) + 2"}, "", "",
			"slipway: Unexpected symbol: '+'. Located at position 17 within expression: 1 == \n\t 'é' ==) + 2\n" +
				"  \t 'é' ==) + 2\n" +
				"  \t         ^\n", 2},
		{"an unknown context", []string{"github.ref"}, "", "",
			"slipway: Unrecognized named-value: 'github'. Located at position 1 within expression: github.ref\n" +
				"  github.ref\n" +
				"  ^~~~~~\n" +
				"  give the contexts it may use with --contexts FILE\n", 2},
		{"a failed evaluation", []string{"1 == fromJSON('{')"}, "", "",
			"slipway: Error parsing JSON when evaluating fromJson: unexpected end of input at line 1, column 2: expected a key\n" +
				"  1 == fromJSON('{')\n" +
				"       ^~~~~~~~~~~~~\n", 1},
		{"too deep", []string{strings.Repeat("!", 50) + "1"}, "", "", "slipway: Exceeded max expression depth 50\n", 2},

		{"no expression at all", nil, "", "", "slipway: eval takes one expression, got 0", 2},
		{"two expressions", []string{"1", "2"}, "", "", "slipway: eval takes one expression, got 2; quote it", 2},
		{"batch with an expression", []string{"--batch", "1"}, "", "", "slipway: --batch takes expressions and contexts from standard input", 2},
		{"no such file", []string{"1", "--contexts", file + "x"}, "", "", "slipway: cannot read the contexts: open " + file + "x", 2},
		{"contexts that are not JSON", []string{"1", "--contexts", "-"}, "{,}", "", "slipway: - is not JSON: unexpected ',' at line 1, column 2: expected a key", 2},
		{"contexts that are no object", []string{"1", "--contexts", "-"}, "[]", "", "slipway: - holds Array; expected an object", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, code := slipwayEval(c.stdin, c.args...)
			if stdout != c.stdout || !strings.HasPrefix(stderr, c.stderr) || (c.stderr == "") != (stderr == "") || code != c.code {
				t.Errorf("exit %d\nstdout %q\n  want %q\nstderr %s\n  want %s", code, stdout, c.stdout, stderr, c.stderr)
			}
		})
	}
}

func TestEvalBatch(t *testing.T) {
	long := strings.Repeat("x", 10<<20)
	var lines, answers []string
	for _, c := range []struct{ in, want string }{
		{`{"expr": "1 + 1"}`, `{"error":{"kind":"lexing","message":"Unexpected symbol: '+'. Located at position 3 within expression: 1 + 1"}}`},
		{`{"expr": "1 1"}`, `{"error":{"kind":"parsing","message":"Unexpected symbol: '1'. Located at position 3 within expression: 1 1"}}`},
		{`{"expr": "format('{')"}`, `{"error":{"kind":"evaluation","message":"The following format string is invalid: {"}}`},
		{`{"expr": "A.*.b", "contexts": {"a": [{"B": "<&>"}, {"b": null}]}}`, `{"kind":"Array","value":["<&>",null]}`},
		{`{"expr": "-Infinity", "contexts": null}` + "\r", `{"kind":"Number","value":"-Infinity"}`},
		{`{"expr": "success()"}`, `{"error":{"kind":"parsing","message":"Unrecognized function: 'success'. Located at position 1 within expression: success()"}}`},
		{`not json`, `{"error":{"kind":"input","message":"line 7: not JSON: unexpected 'n' at line 1, column 1: expected a value"}}`},
		{``, `{"error":{"kind":"input","message":"line 8: not JSON: empty input"}}`},
		{`{"expr": 1}`, `{"error":{"kind":"input","message":"line 9: expected an object with a string \"expr\", such as {\"expr\": \"1 < 2\", \"contexts\": {}}"}}`},
		{`{"expr": "1", "contexts": []}`, `{"error":{"kind":"input","message":"line 10: \"contexts\" is Array; expected an object"}}`},
		{long + "x", `{"error":{"kind":"input","message":"line 11: it is longer than 10 MiB"}}`},
		{`{"expr": "x == ''", "contexts": {"x": "` + long[:400<<10] + `"}}`, `{"kind":"Boolean","value":false}`},
		{"\xff\x00", `{"error":{"kind":"input","message":"line 13: not JSON: unexpected '�' at line 1, column 1: expected a value"}}`},
		{`{"expr": "'last, without a newline'"}`, `{"kind":"String","value":"last, without a newline"}`},
	} {
		lines = append(lines, c.in)
		answers = append(answers, c.want)
	}
	stdout, stderr, code := slipwayEval(strings.Join(lines, "\n"), "--batch")
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	got := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(got) != len(answers) {
		t.Fatalf("%d answers, want %d:\n%s", len(got), len(answers), stdout)
	}
	for i, want := range answers {
		if got[i] != want {
			t.Errorf("line %d\n got %s\nwant %s", i+1, got[i], want)
		}
		if !json.Valid([]byte(got[i])) {
			t.Errorf("line %d is not JSON", i+1)
		}
	}
}

// A batch answers each line as soon as it comes, and keeps nothing of it.
func TestEvalBatchStreams(t *testing.T) {
	in, ask := io.Pipe()
	answer, out := io.Pipe()
	done := make(chan int)
	go func() {
		done <- Main(context.Background(), []string{"eval", "--batch"}, Streams{In: in, Out: out, Err: io.Discard})
	}()
	line := []byte(`{"expr": "x == 1", "contexts": {"x": 1, "rest": "` + strings.Repeat("y", 100<<10) + `"}}` + "\n")
	const want = `{"kind":"Boolean","value":true}` + "\n"
	got := make([]byte, len(want))
	var before, after runtime.MemStats
	for i := range 400 { // 40 MB
		if i == 20 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		if _, err := ask.Write(line); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(answer, got); err != nil || string(got) != want {
			t.Fatalf("got %s, %v", got, err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("a batch of 40 MB keeps %d bytes", grown)
	}
	if err := ask.Close(); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != 0 {
		t.Errorf("exit %d", code)
	}
}
