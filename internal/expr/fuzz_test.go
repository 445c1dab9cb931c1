package expr_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"slipway/internal/expr"
)

var seeds = []string{
	"", "1", "github.event_name == 'push' && contains(github.ref, 'refs/heads/')",
	"!a.b[*].c['d e'][0] || format('{0}{{}}', null, -1.5e3)", "fromJSON('{\"a\":[1]}').a.*",
	"case(true, 1, 2) >= 0xff", "((((", "a[b[c[d[", "'it''s", "1 && ..x", "!!!!!!!!", "é😊 \u00a0x", "join(x.*, toJSON(x))",
	"\x00\xff", "format('{0:x}')", "a.true.NaN", "x == x", "success() && hashFiles('**')",
}

// checkError fails unless err is nil or an *expr.Error that points into src.
func checkError(t *testing.T, src string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	e, ok := errors.AsType[*expr.Error](err)
	if !ok || e.Message == "" || e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > len(src) {
		t.Fatalf("%q: error %#v", src, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range seeds {
		f.Add(src)
	}
	f.Add(strings.Repeat("(", 60)) // TestLimits has the huge ones: minimizing them would take all the time
	f.Add(strings.Repeat("!", 51) + "1")
	f.Add(strings.Repeat("1||", 60) + "1")
	f.Fuzz(func(t *testing.T, src string) {
		_, err := expr.Parse(src, &expr.Names{Contexts: []string{"a"}})
		checkError(t, src, err)
		x, err := expr.Parse(src, nil)
		checkError(t, src, err)
		if err != nil {
			return
		}
		expr.Walk(x.Root(), func(n expr.Node) bool {
			if at := n.Place(); at.Start < 0 || at.Start > at.End || at.End > len(src) || n.Pos() != at.Start {
				t.Fatalf("%q: %T at %v", src, n, at)
			}
			return true
		})
		for ref := range expr.References(x.Root()) {
			if !strings.HasPrefix(src[ref.Context.Pos():], ref.Context.Name) {
				t.Fatalf("%q: %s is not at %d", src, ref.Context.Name, ref.Context.Pos())
			}
		}
		again, err := expr.Parse(x.String(), nil)
		if err != nil {
			if strings.HasPrefix(err.Error(), "Exceeded max expression length") {
				return // the parentheses made it too long
			}
			t.Fatalf("%q prints as %q: %v", src, x, err)
		}
		if again.String() != x.String() {
			t.Fatalf("%q prints as %q, that as %q", src, x, again)
		}
	})
}

func FuzzEval(f *testing.F) {
	for _, src := range seeds {
		f.Add(src, `{"a":{"b":[{"c":1}]},"x":["s",null,true,[2]]}`)
	}
	f.Fuzz(func(t *testing.T, src, contexts string) {
		x, err := expr.Parse(src, nil)
		if err != nil {
			return
		}
		v, _ := expr.FromJSON([]byte(contexts))
		scope := &expr.Scope{Contexts: v.Object(), MaxBytes: 1 << 16}
		got, err := x.Eval(scope)
		checkError(t, src, err)
		if err != nil {
			return
		}
		if !json.Valid(got.AppendJSON(nil)) {
			t.Fatalf("%q gives invalid JSON: %s", src, got.AppendJSON(nil))
		}
		again, err := x.Eval(scope)
		if err != nil || again.ToJSON() != got.ToJSON() {
			t.Fatalf("%q gives %s, then %s, %v", src, got.ToJSON(), again.ToJSON(), err)
		}
		_, _, _ = got.Text(), got.Float(), got.Equal(again)
	})
}

func FuzzFromJSON(f *testing.F) {
	for _, src := range []string{
		``, `null`, `{"a":[1,-2.5e3,"\u00e9\ud83d\ude00"],"A":{}}`, `['a',/* */b]`, `{a:1,}`, `[[[[`, `"\`, `-`, `1e`, `[NaN,-Infinity]`, "\"\x00\xff\"",
		strings.Repeat("[", 65), strings.Repeat(`{"a":`, 65),
	} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		v, err := expr.FromJSON([]byte(src))
		if (err == nil) != json.Valid([]byte(src)) && !(err != nil && strings.HasPrefix(err.Error(), "nested more")) {
			t.Fatalf("%q: we say %v, encoding/json disagrees", src, err)
		}
		loose, looseErr := fromJSON(t, src)
		if err != nil {
			if looseErr == nil && !json.Valid([]byte(loose)) {
				t.Fatalf("%q gives invalid JSON: %s", src, loose)
			}
			return
		}
		if looseErr == nil && loose != string(v.AppendJSON(nil)) {
			t.Fatalf("%q is %s to FromJSON and %s to fromJSON", src, v.AppendJSON(nil), loose)
		}
		again, err := expr.FromJSON(v.AppendJSON(nil))
		if err != nil || string(again.AppendJSON(nil)) != string(v.AppendJSON(nil)) {
			t.Fatalf("%q: %s becomes %s, %v", src, v.AppendJSON(nil), again.AppendJSON(nil), err)
		}
		if utf8.ValidString(src) && !utf8.Valid(v.AppendJSON(nil)) {
			t.Fatalf("%q loses its encoding", src)
		}
	})
}
