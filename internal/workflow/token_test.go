package workflow_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/expr"
	"slipway/internal/workflow"
)

// read reads a workflow that has no errors.
func read(t testing.TB, text string) *workflow.Workflow {
	t.Helper()
	w, errs := workflow.Read("w.yml", []byte(text), workflow.Options{})
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	return w
}

// sameToken compares two trees by everything a token shows.
func sameToken(a, b *workflow.Token) bool {
	if a.Kind() != b.Kind() || a.Pos() != b.Pos() || a.Str() != b.Str() || a.Len() != b.Len() || a.Bool() != b.Bool() {
		return false
	}
	if x, y := a.Number(), b.Number(); x != y && !(math.IsNaN(x) && math.IsNaN(y)) || math.Signbit(x) != math.Signbit(y) && !math.IsNaN(x) {
		return false
	}
	if (a.Expr() == nil) != (b.Expr() == nil) || a.Expr() != nil && a.Expr().Source() != b.Expr().Source() {
		return false
	}
	for i, item := range a.Items() {
		if !sameToken(item, b.Items()[i]) {
			return false
		}
	}
	var keys, values []*workflow.Token
	for key, value := range b.Pairs() {
		keys, values = append(keys, key), append(values, value)
	}
	i := 0
	for key, value := range a.Pairs() {
		if !sameToken(key, keys[i]) || !sameToken(value, values[i]) {
			return false
		}
		i++
	}
	return true
}

func roundTrip(t *rapid.T, token *workflow.Token) {
	data, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	var back workflow.Token
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if !sameToken(token, &back) {
		t.Fatalf("%s came back different", data)
	}
}

func TestTokenJSONRoundTrip(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a <&> b", "\u2028", "null", "1"}))
	source := rapid.SampledFrom([]string{"github.ref", "success()", "format('a {0}', env.b)", "1 == 2 && !true", "needs.*.result"})
	var token *rapid.Generator[*workflow.Token]
	token = rapid.Custom(func(t *rapid.T) *workflow.Token {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			e, err := workflow.NewExpression(source.Draw(t, "source"))
			if err != nil {
				t.Fatal(err)
			}
			return e
		case 1:
			return workflow.NewSequence(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[*workflow.Token] { return token }), 0, 3).Draw(t, "items")...)
		case 2:
			n := rapid.IntRange(0, 3).Draw(t, "pairs")
			var pairs []*workflow.Token
			for range n {
				pairs = append(pairs, workflow.NewString(text.Draw(t, "key")), token.Draw(t, "value"))
			}
			return workflow.NewMapping(pairs...)
		default:
			return workflow.NewString(strings.ToValidUTF8(text.Draw(t, "text"), "?"))
		}
	})
	rapid.Check(t, func(t *rapid.T) { roundTrip(t, token.Draw(t, "token")) })
}

// TestReadTokensRoundTrip takes the tokens of real files, with positions,
// numbers, booleans and null.
func TestReadTokensRoundTrip(t *testing.T) {
	w := read(t, `
on: push
env:
  ${{ insert }}: ${{ fromJSON('{}') }}
jobs:
  a:
    runs-on: x
    strategy:
      matrix:
        v: [1, -0.0, .inf, -.inf, .nan, 1e300, true, false, null, ~, '', "a\nb", {k: [v, '${{ github.ref }} b']}]
    steps: [{run: a}]
`)
	rapid.Check(t, func(t *rapid.T) {
		roundTrip(t, w.Env)
		roundTrip(t, w.Jobs[0].Strategy)
	})
	if got := w.Jobs[0].Strategy.Lookup("matrix").Lookup("v").Items()[12].Pos(); got != (workflow.Pos{File: "w.yml", Line: 10, Column: 82}) {
		t.Errorf("position %v", got)
	}
}

func TestTokenJSONRejectsNonsense(t *testing.T) {
	for _, text := range []string{`{"lit":1}`, `{"lit":{}}`, `{"num":"x"}`, `{"expr":"a b"}`, `{"map":[{"lit":"a"}]}`, `[]`, `{"seq":[{"lit":1}]}`} {
		if err := json.Unmarshal([]byte(text), new(workflow.Token)); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func TestNilToken(t *testing.T) {
	var none *workflow.Token
	if none.Kind() != workflow.TokenNull || none.Str() != "" || none.Lookup("a") != nil || none.Items() != nil || none.Expr() != nil || !none.IsLiteral() || none.Pos() != (workflow.Pos{}) || none.Embedded() != nil {
		t.Error("a nil token is not null")
	}
	if v, err := none.Eval(&expr.Scope{}); err != nil || !v.IsNull() {
		t.Errorf("a nil token evaluates to %v, %v", v, err)
	}
}

// evalScope knows a few contexts that may be named in a matrix.
func evalScope(t testing.TB) *expr.Scope {
	t.Helper()
	contexts, err := expr.FromJSON([]byte(`{"github": {"ref": "main"}, "vars": {"list": ["a", "b"], "map": {"X": "1", "Y": "2"}, "n": 3}}`))
	if err != nil {
		t.Fatal(err)
	}
	return &expr.Scope{Contexts: contexts.Object()}
}

// matrixItem reads yaml, in flow style, as an item of `matrix.include`, where
// anything may stand.
func matrixItem(t testing.TB, yaml string) *workflow.Token {
	t.Helper()
	w := read(t, "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        include:\n          - "+yaml+"\n    steps: [{run: a}]\n")
	return w.Jobs[0].Strategy.Lookup("matrix").Lookup("include").Items()[0]
}

func TestEval(t *testing.T) {
	cases := []struct{ name, yaml, want string }{
		{"literals", `{a: 1, b: true, c: x, d: null}`, `{"a":1,"b":true,"c":"x","d":null}`},
		{"mixed text", `{a: 'on ${{ github.ref }}!'}`, `{"a":"on main!"}`},
		{"whole value", `{a: '${{ vars.map }}'}`, `{"a":{"X":"1","Y":"2"}}`},
		{"array inside a sequence", `{a: [z, '${{ vars.list }}', '${{ vars.n }}']}`, `{"a":["z","a","b",3]}`},
		{"array of an array", `{a: [['${{ vars.list }}'], '${{ github.ref }}']}`, `{"a":[["a","b"],"main"]}`},
		{"insert", `{b: 1, '${{ insert }}': '${{ vars.map }}', c: 2}`, `{"b":1,"X":"1","Y":"2","c":2}`},
		{"insert a mapping", `{'${{ insert }}': {A: '${{ github.ref }}'}}`, `{"A":"main"}`},
		{"key", `{'k-${{ github.ref }}': 1, '${{ vars.n }}': 2}`, `{"k-main":1,"3":2}`},
		{"escaped", `{a: "${{ '${{' }} ${{ '}}' }} {0} ''"}`, `{"a":"${{ }} {0} ''"}`},
		{"missing", `{a: '${{ vars.none }}', b: 'x${{ vars.none }}'}`, `{"a":null,"b":"x"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, err := matrixItem(t, c.yaml).Eval(evalScope(t))
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := json.Marshal(v); string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestEvalErrors(t *testing.T) {
	cases := []struct{ name, yaml, want string }{
		{"duplicate key", `{main: 1, '${{ github.ref }}': 2}`, "w.yml (Line: 8, Col: 23): 'main' is already defined"},
		{"inserted twice", `{X: 1, '${{ insert }}': '${{ vars.map }}'}`, "w.yml (Line: 8, Col: 37): 'X' is already defined"},
		{"key is no string", `{'${{ vars.map }}': 2}`, "w.yml (Line: 8, Col: 14): Expected a string"},
		{"inserted is no mapping", `{'${{ insert }}': '${{ vars.list }}'}`, "w.yml (Line: 8, Col: 31): Expected a mapping"},
		{"expression", `{a: [b, "${{ fromJSON('{') }}"]}`, "w.yml (Line: 8, Col: 21): "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := matrixItem(t, c.yaml).Eval(evalScope(t))
			e, ok := errors.AsType[*workflow.Error](err)
			if !ok || !strings.HasPrefix(e.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestEmbedded checks the place in the file of expressions inside scalars, and
// of a name inside each expression.
func TestEmbedded(t *testing.T) {
	const text = `on: push
run-name: "é ${{ github.ref }}" # ${{ no }}
env:
  plain: a ${{ github.ref }} ${{github.sha}}
  brace: ${{ format('${{') }} ${{ github.ref }}
  single: 'it''s ${{ format(''{0}'', github.ref) }}'
  double: "a\tb ${{ github.ref }}"
  anchored: &a !!str 'x ${{ github.ref }}'
  folded: >-
    a
    ${{ github.ref
        || github.sha }}
  literal: |   # ${{ no }}
    ü ${{ github.ref }}
    ${{ github.sha }}
jobs:
  a:
    if: github.ref == 'a'
    runs-on: x
    steps: [{run: a, if: "github.ref == 'a'"}]
    name: ${{ github.ref }}
`
	w := read(t, text)
	lines := strings.Split(text, "\n")
	tokens := []*workflow.Token{w.RunName, w.Jobs[0].If, w.Jobs[0].Steps[0].If, w.Jobs[0].Name}
	for _, value := range w.Env.Pairs() {
		tokens = append(tokens, value)
	}
	found := 0
	for _, token := range tokens {
		for _, e := range token.Embedded() {
			source := e.Expr.Source()
			for _, name := range []string{"github.ref", "github.sha"} {
				offset := strings.Index(source, name)
				if offset < 0 {
					continue
				}
				found++
				pos := e.At(offset)
				runes := []rune(lines[pos.Line-1])
				if pos.Column > len(runes) || !strings.HasPrefix(string(runes[pos.Column-1:]), name) {
					t.Errorf("%s of %q is not at %v", name, source, pos)
				}
			}
		}
	}
	if found != 14 {
		t.Errorf("found %d names, want 14", found)
	}
}
