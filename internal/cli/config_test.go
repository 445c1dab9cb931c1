package cli

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseDotenv(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     map[string]string
		err      string
	}{
		{"plain", "A=1\nB = two words \n", map[string]string{"A": "1", "B": "two words"}, ""},
		{"comments, blanks, export, CRLF, BOM", "\ufeff# c\r\n\r\nexport A=1\r\n", map[string]string{"A": "1"}, ""},
		{"value with equals signs and hash", "URL=https://x/?a=b#c\n", map[string]string{"URL": "https://x/?a=b#c"}, ""},
		{"empty value, no newline at the end", "A=", map[string]string{"A": ""}, ""},
		{"double quotes", `A="x\ny \"q\" \\ \t"`, map[string]string{"A": "x\ny \"q\" \\ \\t"}, ""},
		{"single quotes", `A='x\ny'`, map[string]string{"A": `x\ny`}, ""},
		{"a key over several lines", "K=\"-----BEGIN\nabc\n-----END\"\nB=2", map[string]string{"K": "-----BEGIN\nabc\n-----END", "B": "2"}, ""},
		{"no equals sign", "A=1\nwhat\n", nil, `s.env:2: expected NAME=VALUE, found "what"`},
		{"the line number counts the lines of quoted values", "K='a\nb'\n=x", nil, `s.env:3: expected NAME=VALUE`},
		{"open quote", "A=1\nB=\"x\n", nil, `s.env:2: the value's opening " has no closing one`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseDotenv("s.env", []byte(c.in))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one with %q", err, c.err)
				}
				return
			}
			if err != nil || !maps.Equal(got, c.want) {
				t.Fatalf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func FuzzParseDotenv(f *testing.F) {
	f.Add("A=1\nB='x\ny'\nexport C=\"\\\"\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := parseDotenv("f", []byte(text))
		if err == nil {
			for name := range values {
				if name == "" {
					t.Error("a name is empty")
				}
			}
		}
	})
}

func TestRunConfigLayers(t *testing.T) {
	user, repo := t.TempDir(), t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", user)
	write := func(file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(user, "slipway/run.yaml"), "on: {gpu: host, big: host}\nactions: [mine]\nparallel: 2\nsecret-files: [s.env]\n")
	write(filepath.Join(repo, ".slipway/run.yaml"), "on: {big: sandbox}\nactions: [team]\nbuiltin: always\n")
	c, err := readRunConfig(repo)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"gpu": "host", "big": "sandbox"}; !maps.Equal(c.On, want) {
		t.Errorf("on = %v, want %v", c.On, want)
	}
	if got := strings.Join(c.Actions, ","); got != "team,mine" {
		t.Errorf("actions = %s: the repository's come first", got)
	}
	if c.Parallel != 2 || c.Builtin != "always" || c.SecretFiles[0] != filepath.Join(user, "slipway/s.env") {
		t.Errorf("parallel %d, builtin %q, secret files %v", c.Parallel, c.Builtin, c.SecretFiles)
	}

	write(filepath.Join(repo, ".slipway/run.yaml"), "paralel: 3\n")
	if _, err := readRunConfig(repo); err == nil || !strings.Contains(err.Error(), "run.yaml") || !strings.Contains(err.Error(), "paralel") ||
		!strings.Contains(err.Error(), "line 1") {
		t.Errorf("a misspelt key gives %v; want file, line and key", err)
	}
}
