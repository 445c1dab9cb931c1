package lint

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"slipway/internal/workflow"
)

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"latest", "lastest", 1}, {"latest", "altest", 1},
		{"arhc", "arch", 1}, {"ubuntu", "ubunto", 1}, {"kitten", "sitting", 3},
		{strings.Repeat("a", maxWord+1), "a", maxWord},
	} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestEditDistanceIsADistance(t *testing.T) {
	word := rapid.StringMatching(`[abc]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		d := editDistance(a, b)
		if d != editDistance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a)-len(b), len(b)-len(a)) {
			t.Fatalf("editDistance(%q, %q) = %d", a, b, d)
		}
	})
}

func TestMinutesApart(t *testing.T) {
	for cron, want := range map[string]int{
		"* * * * *": 1, "*/2 * * * *": 2, "*/5 * * * *": 5, "0 0 * * *": 0, "0,4 * * * *": 4, "58,1 * * * *": 3,
		"10-12 1 * * *": 1, "5/20 * * * *": 20, "*/40 * * * *": 20, "": 0, "x * * * *": 0, "1-x * * * *": 0, "*/0 * * * *": 0, "@daily": 0,
	} {
		if got := minutesApart(cron); got != want {
			t.Errorf("minutesApart(%q) = %d, want %d", cron, got, want)
		}
	}
}

func TestGlobProblem(t *testing.T) {
	for pattern, want := range map[string]string{
		"main": "", "**": "", "v[0-9]+.[0-9]+": "", "a?b": "", `a\*b`: "", "!docs/**": "", "[!a]": "", "a-[x-]": "",
		"": "is empty", "!": "is empty", "?": "'?'", "a*?": "'?'", "a++": "'+'", "[": "without a ']'", "[]": "empty '[]'",
		"[z-a]": "ends before it begins", `\d+`: "not regular expressions", `a\`: "escapes nothing",
	} {
		got := globProblem(pattern)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("globProblem(%q) = %q, want %q", pattern, got, want)
		}
	}
}

func TestSlipOfLabel(t *testing.T) {
	for label, want := range map[string]string{
		"ubuntu-lates": "ubuntu-latest", "window-latest": "windows-latest", "macos latest": "macos-latest", "ubunto-22.04": "ubuntu-22.04",
		"ubuntu-22.4": "", "ubuntu": "", "ubuntu-latest-8-cores": "", "ubuntu-2204": "", "gpu": "", "macos-16": "", "linux-latest": "",
	} {
		if got := slipOfLabel(label); got != want {
			t.Errorf("slipOfLabel(%q) = %q, want %q", label, got, want)
		}
	}
}

func TestPlaceholders(t *testing.T) {
	for format, want := range map[string]int{
		"": 0, "{0}": 1, "{0}{0} {12}": 3, "{{0}}": 0, "{{{0}}}": 1, "{0:yyyy}": 1,
		"{": -1, "}": -1, "{x}": -1, "{}": -1, "{0": -1, "{0}}": -1, "{99999999999999999999}": -1,
	} {
		used, problem := placeholders(format)
		if (want < 0) != (problem != "") || want >= 0 && len(used) != want {
			t.Errorf("placeholders(%q) = %v, %q", format, used, problem)
		}
	}
}

// TestMergedTypes: what either type can do, their merger can.
func TestMergedTypes(t *testing.T) {
	kind := rapid.SampledFrom([]*typ{anyType, nullType, booleanType, numberType, stringType, oneOf("a"), oneOf("b"),
		arrayOf(stringType), arrayOf(nil), looseObject, newObject("x").set("A", numberType), newObject("y").set("b", stringType)})
	rapid.Check(t, func(t *rapid.T) {
		a, b := kind.Draw(t, "a"), kind.Draw(t, "b")
		m := merge(a, b)
		if m.kinds != a.kinds|b.kinds {
			t.Fatalf("%v and %v merge to %v", a, b, m)
		}
		for _, s := range []string{"a", "b", "c"} {
			either := a.can(kindString) && a.text.can(s) || b.can(kindString) && b.text.can(s)
			if either && !m.text.can(s) {
				t.Fatalf("%v or %v can be %q, %v can't", a, b, s, m)
			}
		}
		for _, name := range []string{"a", "B", "c"} {
			_, inA := a.property(name)
			_, inB := b.property(name)
			if _, ok := m.property(name); (inA || inB) && !ok {
				t.Fatalf("%v or %v has %q, %v hasn't", a, b, name, m)
			}
		}
	})
}

// TestSeekFindsEveryCharacter: wherever a scalar stands and however it is
// written, each of its visible characters is found in the file.
func TestSeekFindsEveryCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-z'"$#:ä]([a-z'" \n{}$#:ä]{0,30}[a-z'"$#:ä])?`).Draw(t, "text")
		style := rapid.SampledFrom([]yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}).Draw(t, "style")
		data, err := yaml.Marshal(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{
			{Kind: yaml.ScalarNode, Value: "on"}, {Kind: yaml.ScalarNode, Value: "push"},
			{Kind: yaml.ScalarNode, Value: "env"}, {Kind: yaml.MappingNode, Content: []*yaml.Node{
				{Kind: yaml.ScalarNode, Value: "X"}, {Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Style: style},
			}},
			{Kind: yaml.ScalarNode, Value: "jobs"}, {Kind: yaml.MappingNode, Content: []*yaml.Node{
				{Kind: yaml.ScalarNode, Value: "a"}, {Kind: yaml.MappingNode, Content: []*yaml.Node{
					{Kind: yaml.ScalarNode, Value: "uses"}, {Kind: yaml.ScalarNode, Value: "o/r/.github/workflows/x.yml@v1"},
				}},
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		w, problems := workflow.Read("x.yml", data, workflow.Options{})
		if w == nil {
			t.Skipf("%v\n%s", problems[0], data)
		}
		token, s := w.Env.Lookup("X"), newSource("x.yml", data)
		for i := range token.Str() {
			c := token.Str()[i]
			if isSpace(c) {
				continue
			}
			if o := s.seek(token, i); o < 0 || s.data[o] != c && s.data[o] != '\\' {
				t.Fatalf("byte %d (%q) of %q is at %d in\n%s", i, c, token.Str(), o, data)
			}
		}
	})
}
