package expr_test

import (
	"strings"
	"testing"

	"slipway/internal/expr"
)

// fromJSON is what `fromJSON(s)` gives, as compact JSON, or its error.
func fromJSON(t testing.TB, s string) (string, error) {
	t.Helper()
	x, err := expr.Parse("fromJSON(s)", nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := x.Eval(&expr.Scope{Contexts: expr.NewObject(expr.Pair{Key: "s", Value: expr.String(s)})})
	return string(v.AppendJSON(nil)), err
}

func TestFromJSON(t *testing.T) {
	for _, c := range []struct {
		src    string
		strict string // what FromJSON gives; "" is an error
		loose  string // what the function fromJSON gives; "" is an error
	}{
		{` {"a": [1, -2.5e3, 0, true, false, null], "b": {}} `, `{"a":[1,-2500,0,true,false,null],"b":{}}`, `=`},
		{`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, `"\"\\/\b\f\n\r\té😀"`, `=`},
		{`"\ud83d x \ude00 \ud83d\ud83d\ude00"`, `"� x � �😀"`, `=`},
		{`{"a": 1, "b": 2, "A": 3, "a": 4}`, `{"a":4,"b":2}`, `=`},
		{`{"": 1}`, `{"":1}`, `=`},
		{`-0`, `-0`, `=`},
		{`1e999`, `"Infinity"`, `=`},
		{"\"\u2028\"", `"\u2028"`, `=`},

		{``, ``, ``},
		{` `, ``, ``},
		{`tru`, ``, ``},
		{`nul`, ``, ``},
		{`01`, ``, ``},
		{`-`, ``, ``},
		{`1.`, ``, ``},
		{`.5`, ``, ``},
		{`1e`, ``, ``},
		{`+1`, ``, ``},
		{`0x1`, ``, ``},
		{`1 2`, ``, ``},
		{`[1 2]`, ``, ``},
		{`[1,,2]`, ``, ``},
		{`[,]`, ``, ``},
		{`[`, ``, ``},
		{`[1`, ``, ``},
		{`[1,`, ``, ``},
		{`]`, ``, ``},
		{`{`, ``, ``},
		{`{"a"}`, ``, ``},
		{`{"a":}`, ``, ``},
		{`{"a" 1}`, ``, ``},
		{`{"a":1`, ``, ``},
		{`{1:2}`, ``, `{"1":2}`},
		{`{"a":1]`, ``, ``},
		{`"abc`, ``, ``},
		{`"\x"`, ``, ``},
		{`"\u12"`, ``, ``},
		{`"\u12g4"`, ``, ``},
		{`"\ud83d\u"`, ``, ``},
		{`undefined`, ``, ``},

		// What Newtonsoft's reader takes beyond JSON.
		{`['a', "b'", 'it\'s',]`, ``, `["a","b'","it's"]`},
		{`{a: 1, $b_2: {'c': 2,},}`, ``, `{"a":1,"$b_2":{"c":2}}`},
		{"/* x */ [1, // one\n 2]//", ``, `[1,2]`},
		{`[1 /* `, ``, ``},
		{`/`, ``, ``},
		{"\"a\nb\x00\"", ``, `"a\nb\u0000"`},
		{`[NaN, Infinity, -Infinity]`, ``, `["NaN","Infinity","-Infinity"]`},
		{"\u00a0[]\u00a0", ``, `[]`},
		{"é", ``, ``},
	} {
		v, err := expr.FromJSON([]byte(c.src))
		if got := string(v.AppendJSON(nil)); err == nil && got != c.strict || err != nil && c.strict != "" {
			t.Errorf("FromJSON(%s) gives %s, %v; want %s", c.src, got, err, c.strict)
		}
		if c.loose == "=" {
			c.loose = c.strict
		}
		got, err := fromJSON(t, c.src)
		if err == nil && got != c.loose || err != nil && c.loose != "" {
			t.Errorf("fromJSON(%s) gives %s, %v; want %s", c.src, got, err, c.loose)
		}
	}
}

func TestJSONErrorsNameThePlace(t *testing.T) {
	_, err := expr.FromJSON([]byte("{\n  \"é\": [1, x]\n}"))
	if want := "unexpected 'x' at line 2, column 12: expected a value"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestJSONDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, c := range []struct {
		depth  int
		inputs bool
		loose  bool
	}{{64, true, true}, {65, true, false}, {1000, true, false}, {1001, false, false}, {5_000_000, false, false}} {
		if _, err := expr.FromJSON([]byte(nested(c.depth))); (err == nil) != c.inputs {
			t.Errorf("FromJSON of depth %d: %v", c.depth, err)
		}
		if c.depth > 2000 {
			continue // more than an expression may hold
		}
		if _, err := fromJSON(t, nested(c.depth)); (err == nil) != c.loose {
			t.Errorf("fromJSON of depth %d: %v", c.depth, err)
		}
	}
}
