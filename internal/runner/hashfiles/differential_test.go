package hashfiles

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/testkit"
)

// original is the hashFiles script of actions/runner, said in a few lines,
// answering one request a line.
const original = `
import * as crypto from 'crypto'
import * as fs from 'fs'
import * as readline from 'readline'
import * as glob from '@actions/glob'

async function hash({dir, patterns, follow}) {
  process.chdir(dir)
  const all = crypto.createHash('sha256')
  let found = false
  const globber = await glob.create(patterns, {followSymbolicLinks: follow})
  for await (const file of globber.globGenerator()) {
    if (!file.startsWith(process.cwd() + '/') || fs.statSync(file).isDirectory()) continue
    all.update(crypto.createHash('sha256').update(fs.readFileSync(file)).digest())
    found = true
  }
  return found ? all.digest('hex') : ''
}
for await (const line of readline.createInterface({input: process.stdin})) {
  let answer
  try { answer = await hash(JSON.parse(line)) } catch (e) { answer = 'error: ' + e.message.split('\n')[0] }
  console.log('answer ' + JSON.stringify(answer))
}
`

type request struct {
	Dir      string `json:"dir"`
	Patterns string `json:"patterns"`
	Follow   bool   `json:"follow"`
}

// startOriginal installs @actions/glob and returns a function that asks it.
func startOriginal(t *testing.T) func(request) string {
	testkit.Need(t, "node", "npm")
	dir := t.TempDir()
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--prefix", dir, "@actions/glob@0.7.0")
	if out, err := install.CombinedOutput(); err != nil {
		testkit.Missing(t, fmt.Sprintf("npm can't install @actions/glob: %v\n%s", err, out))
	}
	script := filepath.Join(dir, "original.mjs")
	if err := os.WriteFile(script, []byte(original), 0o600); err != nil {
		t.Fatal(err)
	}
	node := exec.Command("node", script)
	node.Stderr = os.Stderr
	in, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := node.Wait(); err != nil {
			t.Error(err)
		}
	})
	ask, answers := json.NewEncoder(in), bufio.NewScanner(out)
	return func(r request) string {
		if err := ask.Encode(r); err != nil {
			t.Fatal(err)
		}
		for answers.Scan() { // the library prints debug commands, too
			text, ok := strings.CutPrefix(answers.Text(), "answer ")
			if !ok {
				continue
			}
			var answer string
			if err := json.Unmarshal([]byte(text), &answer); err != nil {
				t.Fatal(err)
			}
			return answer
		}
		t.Fatalf("node ended at %+v", r)
		return ""
	}
}

// TestLikeTheOriginal compares with @actions/glob on trees and patterns made at random.
func TestLikeTheOriginal(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	ask := startOriginal(t)
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	const seed = 1
	hashes := 0
	r := rand.New(rand.NewPCG(seed, 0))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	name := func() string {
		return pick("a", "b", "c", "ab", "a.b", ".h", "a.go", "b.txt", "x-y", "[a]", "a*", "a b", "é", "😀", "A", "Z9", `back\slash`, "node_modules", "src", "#c", "!n", "{a,b}", "a]")
	}
	for round := range 25 {
		root := filepath.Join(t.TempDir(), pick("plain", "with [set]", "st*r", "q?", `back\slash`, "[x", "a!b"))
		for range r.IntN(25) {
			file := filepath.Join(root, name())
			for r.IntN(2) == 0 {
				file = filepath.Join(file, name())
			}
			if os.MkdirAll(filepath.Dir(file), 0o700) != nil {
				continue // a file is in the way
			}
			// One that is there already stays: random names repeat.
			if _, err := os.Lstat(file); err == nil {
				continue
			}
			if r.IntN(8) == 0 {
				err = os.Symlink(pick("a", "../b", ".", "..", "nowhere", "/dev/null"), file)
			} else {
				err = os.WriteFile(file, []byte(file), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := os.MkdirAll(root, 0o700); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			request := request{Dir: root, Patterns: patterns(r, root, pick, name), Follow: r.IntN(4) == 0}
			if strings.Contains(request.Patterns, home) || strings.Contains(request.Patterns, "~") {
				continue
			}
			want := ask(request)
			if want != "" && !strings.HasPrefix(want, "error: ") {
				hashes++
			}
			args := []string{request.Patterns}
			if request.Follow {
				args = append([]string{followOption}, args...)
			}
			got, err := Hash(t.Context(), root, args)
			if failed := strings.HasPrefix(want, "error: "); failed != (err != nil) || !failed && got != want {
				t.Errorf("seed %d, round %d: patterns %q in %s, follow %v:\ngot  %q, %v\nwant %q",
					seed, round, request.Patterns, root, request.Follow, got, err, want)
			}
		}
		if t.Failed() {
			out, _ := exec.Command("find", root).CombinedOutput()
			t.Fatalf("%s", out)
		}
	}
	if hashes < 100 {
		t.Errorf("only %d of the patterns matched anything", hashes)
	}
	t.Logf("%d of the patterns matched something", hashes)
}

// patterns makes lines of patterns.
func patterns(r *rand.Rand, root string, pick func(...string) string, name func() string) string {
	segment := func() string {
		switch r.IntN(10) {
		case 0, 1, 2:
			return "**"
		case 3:
			return "*"
		case 4:
			return pick("*.go", "*.b", "*.*", ".*", "?", "??", "?.b", "*a", "a*", "*b*", "***", "a**", `*\.go`, `?\.b`, "*[a]", "?*")
		case 5:
			return pick("[ab]", "[!a]", "[^a]*", "[a-c]*", "[c-a]", "[]a]", "[[:alpha:]]*", "[[:upper:]][[:digit:]]", "[a-", "[", "[]", "[!]",
				"[[:print:]]*", "[^[:graph:]]*", "[a-[:digit:]]", "[ab-]*", "[-a]", "[[]a]", "[a][b]", "[[:xdigit:]]*", "[[:alpha:]x-z-]*", `[\]a]*`, "[é]", "[😀]", "[[:alpha:]😀]")
		case 6:
			return pick(`\a`, `\*`, `a\*`, `\[a]`, `a\ b`, `back\\slash`, `\😀`, `x\-y`, `a\`)
		}
		return name()
	}
	var lines []string
	for range 1 + r.IntN(3) {
		var segments []string
		for range 1 + r.IntN(4) {
			segments = append(segments, segment())
		}
		line := strings.Join(segments, pick("/", "/", "/", "//"))
		line = pick("", "", "", "", "!", "!!", "./", root+"/", " ", "#", filepath.Dir(root)+"/", ".", "../") + line + pick("", "", "", "/", "/**", " ", "/.", "\r")
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
