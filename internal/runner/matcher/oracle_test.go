package matcher

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// eager tries all patterns on every line, as IssueMatcher.cs does.
type eager struct {
	d     *Definition
	state []*problem
}

func (m *eager) match(text string) *problem {
	l := new(line)
	l.set([]byte(text))
	last := len(m.d.Patterns) - 1
	for i := last; i >= 0; i-- {
		var before *problem
		if i > 0 {
			if before = m.state[i-1]; before == nil {
				continue
			}
		}
		p := m.d.Patterns[i]
		groups, err := p.expression.match(l.runes(p.expression.coloured))
		if err != nil {
			panic(err)
		}
		switch {
		case groups == nil && i == last && i > 0:
			m.state[i-1] = nil
		case groups == nil && i < last:
			m.state[i] = nil
		case groups != nil && i < last:
			m.state[i] = p.found(groups, before)
		case groups != nil:
			clear(m.state)
			if p.Loop {
				m.state[i-1] = before
			}
			return p.found(groups, before)
		}
	}
	return nil
}

// scan is Scanner.Match with eager matchers, without annotations' details.
func scan(matchers []*eager, text string) string {
	for _, m := range matchers {
		found := m.match(text)
		if found == nil {
			continue
		}
		for _, other := range matchers {
			if other != m {
				clear(other.state)
			}
		}
		if found.severity == "" || level(found.severity) != "" {
			number, _ := strconv.Atoi(found.line)
			return fmt.Sprint(found.message, " ", number)
		}
	}
	return "-"
}

func TestLazyIsEager(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var definitions []string
		for i := range rapid.IntRange(1, 3).Draw(t, "matchers") {
			var patterns []string
			n := rapid.IntRange(1, 4).Draw(t, "patterns")
			for k := range n {
				properties := ""
				switch {
				case k == n-1:
					properties = fmt.Sprintf(`, "message": 0, "loop": %v`, n > 1 && rapid.Bool().Draw(t, "loop"))
				case k == 0:
					properties = `, "line": 0`
				case k == 1:
					properties = `, "severity": 0`
				}
				regexp := rapid.SampledFrom([]string{"^[ab]", "b", "^(?:1|2)$", "^.$", "c|error", "error$", "^(?!a)."}).Draw(t, "regexp")
				patterns = append(patterns, `{"regexp": "`+regexp+`"`+properties+`}`)
			}
			definitions = append(definitions, owned(fmt.Sprint("m", i), `"pattern": [`+strings.Join(patterns, ",")+`]`))
		}
		c, err := Parse("f", []byte(matchers(definitions...)))
		if err != nil {
			t.Fatal(err)
		}
		r := new(Registry)
		r.Add(c)
		s := r.Scanner(Options{})
		var oracle []*eager
		for _, d := range c.Matchers {
			oracle = append(oracle, &eager{d, make([]*problem, len(d.Patterns)-1)})
		}
		for i, text := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "1", "2", "c", "error", "berror"}), 0, 30).Draw(t, "lines") {
			want := scan(oracle, text)
			got := "-"
			if a, _, ok := s.Match([]byte(text)); ok {
				got = fmt.Sprint(a.Message, " ", a.Line)
			}
			if got != want {
				t.Fatalf("line %d %q: got %q, want %q", i, text, got, want)
			}
		}
	})
}

func TestPossibleNeverHidesAMatch(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b", ":", `\s+`, `\s*`, `(\d+)`, "(a|b)", "(?:ab)?", ".*", ".+?", "[^a]", "[ab]", "x{2,3}", `\(`, "(?i)b", "(a+)", "(?:a:)+", `\w`, `\b`})
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SampledFrom([]string{"", "^", "^(", "("}).Draw(t, "begin") + strings.Join(rapid.SliceOfN(part, 1, 5).Draw(t, "parts"), "")
		pattern += strings.Repeat(")", strings.Count(pattern, "(")-strings.Count(pattern, `\(`)-strings.Count(pattern, ")"))
		e, err := compile(pattern)
		if err != nil {
			t.Skip(err)
		}
		text := rapid.StringMatching(`[ab:x (1B\t\v]{0,8}`).Draw(t, "line")
		m, err := e.match([]rune(text))
		if err != nil {
			t.Fatal(err)
		}
		if m != nil && !e.possible([]byte(text)) {
			t.Fatalf("%s matches %q, said to be impossible", pattern, text)
		}
	})
}
