package expr_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"slipway/internal/expr"
)

// contextsOf reads contexts from JSON.
func contextsOf(t testing.TB, json string) *expr.Object {
	t.Helper()
	v, err := expr.FromJSON([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	return v.Object()
}

// TestEval holds what GitHub's own cases leave out; most of it is read off
// actions/runner src/Sdk/Expressions. The wanted value is compact JSON.
func TestEval(t *testing.T) {
	contexts := contextsOf(t, `{
		"foo": {"Bar": "x", "n": 1, "deep": [{"k": 1}, {"K": 2}, "s", [3, 4]], "é": "accent", "": "empty", "true": "yes", "1.5": "number", "none": null},
		"list": ["a", "B", 3, null, true], "empty": [], "object": {}, "text": "Hello"
	}`)
	for _, c := range []struct{ src, want string }{
		// An expression without tokens is null.
		{"", `null`},

		// Numbers: 15 digits, E notation as .NET writes it, 32-bit integers.
		{"format('{0}', 1.2345678901234567)", `"1.23456789012346"`},
		{"format('{0}', 123456789012345678)", `"1.23456789012346E+17"`},
		{"format('{0}', 999999999999999)", `"999999999999999"`},
		{"format('{0}', 1000000000000000)", `"1E+15"`},
		{"format('{0}', 0.0001)", `"0.0001"`},
		{"format('{0}', 0.00001234)", `"1.234E-05"`},
		{"format('{0}', 1e-300)", `"1E-300"`},
		{"format('{0}', 1e999)", `"Infinity"`},
		{"format('{0}', 0.1)", `"0.1"`},
		{"format('{0}', -0)", `"0"`},
		{"0x7fffffff", `2147483647`},
		{"0xffffffff", `-1`},
		{"0o37777777777", `-1`},
		{"5.", `5`},
		{"-.5e+1", `-5`},
		{"007", `7`},
		{"'0b1' == 1", `false`},
		{"'1_0' == 10", `false`},
		{"'0xffffffffff' == 0xff", `false`},
		{"' \u00a0 12 ' == 12", `true`},
		{"'inf' == Infinity", `false`},
		{"'+Infinity' == Infinity", `true`},
		{"'.' == 0", `false`},
		{"'+' == 0", `false`},

		// Comparing.
		{"null == false && null == 0 && null == ''", `true`},
		{"NaN == NaN || NaN < 1 || NaN >= NaN", `false`},
		{"NaN != NaN", `true`},
		{"'ß' == 'SS'", `false`},
		{"'Straße' == 'STRAßE'", `true`},
		{"'\u212a' == 'k'", `false`}, // the Kelvin sign
		{"'ſ' == 's'", `false`},
		{"'ﬀ' < '😀'", `false`}, // in UTF-16, U+1F600 begins with a surrogate
		{"'𐐨' == '𐐀'", `true`},
		{"'a' < 'B'", `true`},
		{"'ab' > 'a'", `true`},
		{"foo == foo", `true`},
		{"list == list", `true`},
		{"foo.deep == foo.deep", `true`},
		{"list.* == list.*", `false`},
		{"fromJSON('[]') == fromJSON('[]')", `false`},
		{"foo >= foo", `true`},
		{"foo > foo || foo < foo", `false`},
		{"foo == 'Object'", `false`},
		{"true > false", `true`},
		{"'2' > true", `true`},
		{"null >= 0 && null <= 0", `true`},

		// Logic gives operands back.
		{"0 || '' || null", `null`},
		{"1 && 'a' && object", `{}`},
		{"!NaN && !'' && !null && !0 && !false", `true`},
		{"!object || !empty || !'false' || !'0'", `false`},

		// Indexing.
		{"FOO.bAR", `"x"`},
		{"foo['É']", `"accent"`},
		{"foo[null]", `"empty"`},
		{"foo[true]", `"yes"`},
		{"foo[3 == 3]", `"yes"`},
		{"foo[1.5]", `"number"`},
		{"foo[list]", `null`},
		{"foo.none.more['x'][0]", `null`},
		{"list['1']", `"B"`},
		{"list[1.9]", `"B"`},
		{"list[-0.5]", `null`},
		{"list[-1]", `null`},
		{"list[5]", `null`},
		{"list[NaN]", `null`},
		{"list[Infinity]", `null`},
		{"list[true]", `"B"`},
		{"list['']", `"a"`},
		{"list.x", `null`},
		{"text[0]", `null`},
		{"text.*", `[]`},
		{"nothing", `null`},
		{"nothing.at.all", `null`},
		{"foo.deep.*.k", `[1,2]`},
		{"foo.deep.*[0]", `[3]`},
		{"foo.deep.*.*", `[1,2,3,4]`},
		{"foo.deep.*.*.x", `[]`},
		{"list.*[0]", `[]`},
		{"list[*]", `["a","B",3,null,true]`},
		{"(foo.deep.*)[1]", `[4]`},
		{"fromJSON('{\"a\":[1,2]}').a[1]", `2`},

		// Functions evaluate what they need, and only that.
		{"(null)[fromJSON('bad')]", `null`},
		{"false && fromJSON('bad')", `false`},
		{"contains(object, fromJSON('bad'))", `false`},
		{"contains(empty, fromJSON('bad'))", `false`},
		{"startsWith(list, fromJSON('bad'))", `false`},
		{"case(true, 1, fromJSON('bad'))", `1`},
		{"case(false, fromJSON('bad'), 2)", `2`},
		{"format('no argument', fromJSON('bad'))", `"no argument"`},
		{"join(fromJSON('[1]'), fromJSON('bad'))", `"1"`},

		{"contains('Hello', 'ELL')", `true`},
		{"contains('Straße', 'SS')", `false`},
		{"contains('ÉTÉ', 'té')", `true`},
		{"contains('aaaaab', 'aab')", `true`},
		{"contains('', '')", `true`},
		{"contains('x', list)", `false`},
		{"contains(list, 'b')", `true`},
		{"contains(list, '3')", `true`},
		{"contains(list, 1)", `true`}, // true == 1
		{"contains(list, object)", `false`},
		{"contains(foo, 'x')", `false`},
		{"startsWith('Été', 'éT')", `true`},
		{"startsWith('a', 'ab')", `false`},
		{"endsWith('Été', 'TÉ')", `true`},
		{"endsWith(123, 23)", `true`},
		{"endsWith('a', '')", `true`},

		{"format('{0}{1}{0}', 'a', list)", `"aArraya"`},
		{"format('{{{0}}}', 1)", `"{1}"`},
		{"format('{{}}')", `"{}"`},
		{"format('{0:}', 1)", `"1"`},
		{"format('{00001}', 0, 1)", `"1"`},
		{"format(1)", `"1"`},
		{"format(null)", `""`},
		{"format('é{0}é', 'ü')", `"éüé"`},
		{"format('{9}', 0,1,2,3,4,5,6,7,8,9)", `"9"`},

		{"join(list, '-')", `"a-B-3--true"`},
		{"join(list)", `"a,B,3,,true"`},
		{"join(list, object)", `"a,B,3,,true"`},
		{"join(list, null)", `"aB3true"`},
		{"join(foo)", `""`},
		{"join(text, '-')", `"Hello"`},
		{"join(empty)", `""`},
		{"join(foo.deep)", `"Object,Object,s,Array"`},
		{"join(list.*, 0)", `"a0B0300true"`},

		{"toJSON(1e21)", `"1E+21"`},
		{"toJSON(NaN)", `"NaN"`},
		{"toJSON('<&>\u2028\u0085\u007f')", `"\"<&>\\u2028\\u0085` + "\u007f" + `\""`},
		{"toJSON(fromJSON('\"\\u0001\\b\\f\\n\\r\\t\"'))", `"\"\\u0001\\b\\f\\n\\r\\t\""`},
		{"toJSON(foo.deep)", `"[\n  {\n    \"k\": 1\n  },\n  {\n    \"K\": 2\n  },\n  \"s\",\n  [\n    3,\n    4\n  ]\n]"`},
	} {
		x, err := expr.Parse(c.src, nil)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		v, err := x.Eval(&expr.Scope{Contexts: contexts})
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
		} else if got := string(v.AppendJSON(nil)); got != strings.NewReplacer("\u2028", `\u2028`).Replace(c.want) {
			t.Errorf("%s\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestEvalErrors(t *testing.T) {
	long := `"` + strings.Repeat("x", 600) + `"`
	contexts := contextsOf(t, `{"list": [1, 2], "long": `+long+`, "twice": [`+long+`,`+long+`]}`)
	refuse := errors.New("not today")
	functions := []expr.Function{{Name: "refuse", Call: func(*expr.Call, []expr.Value) (expr.Value, error) { return expr.Value{}, refuse }}}
	for _, c := range []struct {
		src, message string
		offset       int
	}{
		{"1 && format('{0}')", "The following format string references more arguments than were supplied: {0}", 5},
		{"format('{256}', 1)", "The following format string is invalid: {256}", 0},
		{"format('{1}{', 1)", "The following format string references more arguments than were supplied: {1}{", 0},
		{"format('{}', 1)", "The following format string is invalid: {}", 0},
		{"format('{ 0}', 1)", "The following format string is invalid: { 0}", 0},
		{"format('{0x}', 1)", "The following format string is invalid: {0x}", 0},
		{"format('{0:x', 1)", "The following format string is invalid: {0:x", 0},
		{"format('{-1}', 1)", "The following format string is invalid: {-1}", 0},
		{"format('{0:N2}', 1)", "The format specifiers 'N2' are not valid for objects of type 'Number'", 0},
		{"format('{0:a}}b}', list)", "The format specifiers 'a}b' are not valid for objects of type 'Array'", 0},
		{"case(true, 1, 2) && case(false, 1, list, 2, 3)", "case predicate must evaluate to a boolean value", 35},
		{"list[fromJSON('')]", "Error parsing JSON when evaluating fromJson: empty input", 5},
		{"fromJSON('{\"a\": tru}')", "Error parsing JSON when evaluating fromJson: unexpected 't' at line 1, column 7: expected a value", 0},
		{"contains(list, fromJSON(list))", "Error parsing JSON when evaluating fromJson: unexpected 'A' at line 1, column 1: expected a value", 15},
		{"true && refuse()", "not today", 8},
		{"missing(list)", "Unrecognized function: 'missing'", 0},
		{"true && toJSON(twice) == 1", "The maximum allowed memory size was exceeded while evaluating the following expression: toJSON(twice)", 8},
		{"! (long == long)", "The maximum allowed memory size was exceeded while evaluating the following expression: !(long == long)", 0},
		{"format('{0}{0}', long)", "The maximum allowed memory size was exceeded while evaluating the following expression: format('{0}{0}', long)", 0},
		{"join(list, long) || 'it''s'", "The maximum allowed memory size was exceeded while evaluating the following expression: join(list, long)", 0},
	} {
		x, err := expr.Parse(c.src, nil)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		_, err = x.Eval(&expr.Scope{Contexts: contexts, Functions: functions, MaxBytes: 1250 + 26})
		e, ok := errors.AsType[*expr.Error](err)
		if !ok || e.Kind != expr.Evaluation || e.Message != c.message || e.Offset != c.offset {
			t.Errorf("%s\n got %v\nwant %q at %d", c.src, err, c.message, c.offset)
		}
		if c.message == refuse.Error() && !errors.Is(err, refuse) {
			t.Error("the cause is lost")
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	contexts := expr.NewObject(expr.Pair{Key: "mega", Value: expr.String(strings.Repeat("x", 1<<20))})
	x, err := expr.Parse("contains(mega, 'y')", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Eval(&expr.Scope{Contexts: contexts}); err != nil {
		t.Errorf("a megabyte is too much for the default of 10 MiB: %v", err)
	}
	if _, err := x.Eval(&expr.Scope{Contexts: contexts, MaxBytes: expr.BareMaxBytes}); err == nil {
		t.Error("a megabyte of UTF-16 fits in 1 MiB")
	}
	// The limit is on UTF-16, however long the text is in UTF-8.
	x, err = expr.Parse("toJSON(wide) != ''", nil)
	if err != nil {
		t.Fatal(err)
	}
	contexts.Set("wide", expr.String(strings.Repeat("語", 250_000)))
	if _, err := x.Eval(&expr.Scope{Contexts: contexts, MaxBytes: expr.BareMaxBytes}); err != nil {
		t.Errorf("half a megabyte of UTF-16 is more than 1 MiB: %v", err)
	}
	// What a finished string was made of is forgotten: this holds 2 MiB at a time, not 12.
	x, err = expr.Parse("mega == '' "+strings.Repeat("|| (mega == '')", 5), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Eval(&expr.Scope{Contexts: contexts, MaxBytes: 3 << 20}); err != nil {
		t.Errorf("memory is not given back: %v", err)
	}
}

func TestFunctionsOfTheCaller(t *testing.T) {
	var calls []string
	var list expr.Value
	record := func(c *expr.Call, args []expr.Value) (expr.Value, error) {
		for _, a := range args {
			calls = append(calls, fmt.Sprintf("%s@%d %s", c.Name, c.Pos(), a.ToJSON()))
			list = a
		}
		return expr.String("done"), nil
	}
	scope := &expr.Scope{
		Contexts:  contextsOf(t, `{"a": [1]}`),
		Functions: []expr.Function{{Name: "hashFiles", Call: record}},
	}
	x, err := expr.Parse("HashFiles(a[0], a.*) == 'DONE'", &expr.Names{Contexts: []string{"A"}, Functions: []expr.Function{{Name: "hashfiles", Min: 1, Max: 255}}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := x.Eval(scope)
	if err != nil || !v.Truthy() {
		t.Fatalf("got %v, %v", v, err)
	}
	if want := []string{"HashFiles@0 1", "HashFiles@0 [\n  1\n]"}; !slices.Equal(calls, want) {
		t.Errorf("called with %q, want %q", calls, want)
	}
	scope.Contexts.Set("b", list)
	x, _ = expr.Parse("b[0]", nil)
	if v, _ := x.Eval(scope); v.Float() != 1 {
		t.Error("a filtered array is still one outside of its expression")
	}
}

// A result made by a wildcard does not change when its object does.
func TestResultsShareNothing(t *testing.T) {
	contexts := contextsOf(t, `{"env": {"A": 1}}`)
	x, _ := expr.Parse("env.*", nil)
	v, err := x.Eval(&expr.Scope{Contexts: contexts})
	if err != nil {
		t.Fatal(err)
	}
	contexts.Set("env", expr.Null())
	env, _ := expr.Parse("env", nil)
	if now, _ := env.Eval(&expr.Scope{Contexts: contexts}); !now.IsNull() {
		t.Fatal("Set did nothing")
	}
	if got := v.ToJSON(); got != "[\n  1\n]" {
		t.Errorf("got %s", got)
	}
}

func TestConcurrentEval(t *testing.T) {
	contexts := contextsOf(t, `{"github": {"ref": "refs/heads/main", "labels": [{"name": "a"}, {"name": "b"}]}}`)
	x, err := expr.Parse("contains(github.labels.*.name, 'B') && format('{0}', github.ref) && toJSON(github)", nil)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				if v, err := x.Eval(&expr.Scope{Contexts: contexts}); err != nil || !v.Truthy() {
					t.Errorf("got %v, %v", v, err)
				}
			}
		})
	}
	group.Wait()
}

// Evaluating the common kinds of conditions allocates nothing.
func TestEvalDoesNotAllocate(t *testing.T) {
	scope := &expr.Scope{Contexts: contextsOf(t, `{
		"github": {"event_name": "push", "ref": "refs/heads/main", "a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1, "i": 1, "j": 1},
		"matrix": {"os": "linux", "v": 3}, "needs": {"build": {"result": "success"}}}`)}
	for _, src := range []string{
		"github.event_name == 'push' && contains(github.ref, 'refs/heads/')",
		"!startsWith(GITHUB.REF, 'refs/tags/') || matrix.v >= 3",
		"needs.build.result == 'success' && matrix['os'] != 'windows'",
		"case(matrix.v == 3, 'three', 'other')",
		"github.missing.entirely || 'default'",
	} {
		x, err := expr.Parse(src, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := x.Eval(scope); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s allocates %.0f times", src, n)
		}
	}
}
