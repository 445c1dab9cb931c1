package expr_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slipway/internal/expr"
)

func TestParseErrors(t *testing.T) {
	names := &expr.Names{
		Contexts:  []string{"github", "foo"},
		Functions: []expr.Function{{Name: "hashFiles", Min: 1, Max: 255}, {Name: "always"}},
	}
	const lexing, parsing = expr.Lexing, expr.Parsing
	for _, c := range []struct {
		src            string
		kind           expr.ErrorKind
		message        string // without "Located …"; the place is offset and length
		offset, length int
	}{
		{"1 = 2", lexing, "Unexpected symbol: '='", 2, 1},
		{"1 &2", lexing, "Unexpected symbol: '&2'", 2, 2},
		{`foo == "bar baz"`, lexing, `Unexpected symbol: '"bar'`, 7, 4},
		{"'foo", lexing, "Unexpected symbol: ''foo'", 0, 4},
		{"'foo''", lexing, "Unexpected symbol: ''foo'''", 0, 6},
		{"foo.b@r", lexing, "Unexpected symbol: 'b@r'", 4, 3},
		{"foo.-bar", lexing, "Unexpected symbol: '-bar'", 4, 4},
		{"foo.1a", lexing, "Unexpected symbol: '1a'", 4, 2},
		{"1.2.3", lexing, "Unexpected symbol: '1.2.3'", 0, 5},
		{"+NaN", lexing, "Unexpected symbol: '+NaN'", 0, 4},
		{"1e", lexing, "Unexpected symbol: '1e'", 0, 2},
		{"1_000", lexing, "Unexpected symbol: '1_000'", 0, 5},
		{"0x", lexing, "Unexpected symbol: '0x'", 0, 2},
		{"0X1", lexing, "Unexpected symbol: '0X1'", 0, 3},
		{"0o8", lexing, "Unexpected symbol: '0o8'", 0, 3},
		{"0x100000000", lexing, "Unexpected symbol: '0x100000000'", 0, 11},
		{"0x-1", lexing, "Unexpected symbol: '0x-1'", 0, 4},
		{"inf", parsing, "Unrecognized named-value: 'inf'", 0, 3},
		{"'a'.b", lexing, "Unexpected symbol: '.b'", 3, 2},
		{"true.x", lexing, "Unexpected symbol: '.x'", 4, 2},
		{"foo..bar", lexing, "Unexpected symbol: '.bar'", 4, 4},
		{"foo bar é#", lexing, "Unexpected symbol: 'é#'", 8, 3},
		{"> 1 @", lexing, "Unexpected symbol: '@'", 4, 1}, // tokens are read before they are parsed

		{"", "", "", 0, 0},
		{" \t\r\n\u00a0", "", "", 0, 0},
		{"1 <", parsing, "Unexpected end of expression: '<'", 2, 1},
		{"(", parsing, "Unexpected end of expression: '('", 0, 1},
		{"(1", parsing, "Unexpected end of expression: '1'", 1, 1},
		{"contains('a', 'b'", parsing, "Unexpected end of expression: ''b''", 14, 3},
		{"foo.", parsing, "Unexpected end of expression: '.'", 3, 1},
		{"foo[1", parsing, "Unexpected end of expression: '1'", 4, 1},
		{"!", parsing, "Unexpected end of expression: '!'", 0, 1},
		{")", parsing, "Unexpected symbol: ')'", 0, 1},
		{"()", parsing, "Unexpected symbol: ')'", 1, 1},
		{"(1))", parsing, "Unexpected symbol: ')'", 3, 1},
		{"1 2", parsing, "Unexpected symbol: '2'", 2, 1},
		{"1 'a'", parsing, "Unexpected symbol: ''a''", 2, 3},
		{"foo bar", parsing, "Unexpected symbol: 'bar'", 4, 3},
		{"foo.true.null", "", "", 0, 0},
		{"true(1)", parsing, "Unexpected symbol: '('", 4, 1},
		{"foo.bar(1)", parsing, "Unexpected symbol: '('", 7, 1},
		{"'a'[0]", parsing, "Unexpected symbol: '['", 3, 1},
		{"('a')[0]", "", "", 0, 0},
		{"foo.1", parsing, "Unexpected symbol: '1'", 4, 1},
		{"foo[*", parsing, "Unexpected end of expression: '*'", 4, 1},
		{"foo[*.bar]", parsing, "Unexpected symbol: '.'", 5, 1},
		{"*", parsing, "Unexpected symbol: '*'", 0, 1},
		{"foo[1, 2]", parsing, "Unexpected symbol: ','", 5, 1},
		{"foo[1)", parsing, "Unexpected symbol: ')'", 5, 1},
		{"format('a',)", parsing, "Unexpected symbol: ')'", 11, 1},
		{"format(,'a')", parsing, "Unexpected symbol: ','", 7, 1},
		{"1 ! 2", parsing, "Unexpected symbol: '!'", 2, 1},
		{"1 && || 2", parsing, "Unexpected symbol: '||'", 5, 2},

		{"bar", parsing, "Unrecognized named-value: 'bar'", 0, 3},
		{"é && bar", lexing, "Unexpected symbol: 'é'", 0, 2},
		{"'é' && bar", parsing, "Unrecognized named-value: 'bar'", 8, 3},
		{"true\n && bar.x", parsing, "Unrecognized named-value: 'bar'", 9, 3},
		{"nope()", parsing, "Unrecognized function: 'nope'", 0, 4},
		{"Always()", "", "", 0, 0},
		{"always(1)", parsing, "Too many parameters supplied: 'always'", 0, 6},
		{"HASHFILES()", parsing, "Too few parameters supplied: 'HASHFILES'", 0, 9},
		{"toJSON()", parsing, "Too few parameters supplied: 'toJSON'", 0, 6},
		{"1 || join(1, 2, 3)", parsing, "Too many parameters supplied: 'join'", 5, 4},
		{"case(true, 1)", parsing, "Too few parameters supplied: 'case'", 0, 4},
		{"case(true, 1, false, 2)", parsing, "Even number of parameters supplied, requires an odd number of parameters: 'case'", 0, 4},
		{"format(" + strings.Repeat("1,", 254) + "1)", "", "", 0, 0},
		{"format(" + strings.Repeat("1,", 255) + "1)", parsing, "Too many parameters supplied: 'format'", 0, 6},
	} {
		_, err := expr.Parse(c.src, names)
		if c.kind == "" {
			if err != nil {
				t.Errorf("%s: %v", c.src, err)
			}
			continue
		}
		e, ok := errors.AsType[*expr.Error](err)
		if !ok {
			t.Errorf("%s: error is %v, want %s", c.src, err, c.message)
			continue
		}
		message, _, _ := strings.Cut(e.Message, ". Located at position ")
		if e.Kind != c.kind || message != c.message || e.Offset != c.offset || e.Length != c.length {
			t.Errorf("%s\n got %s %q at %d+%d\nwant %s %q at %d+%d", c.src, e.Kind, message, e.Offset, e.Length, c.kind, c.message, c.offset, c.length)
		}
	}
}

func TestErrorPositionsCountUTF16(t *testing.T) {
	_, err := expr.Parse("'é😊' && bar", &expr.Names{})
	if want := "Unrecognized named-value: 'bar'. Located at position 10 within expression: 'é😊' && bar"; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	if e, _ := errors.AsType[*expr.Error](err); e.Offset != 12 {
		t.Errorf("offset is %d, want 12 bytes", e.Offset)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct{ name, src, message string }{
		{"length", strings.Repeat(" ", 20999) + "1", ""},
		{"too long", strings.Repeat(" ", 21000) + "1", "Exceeded max expression length 21000"},
		{"length in UTF-16", "'" + strings.Repeat("é", 20998) + "'", ""},
		{"too long in UTF-16", "'" + strings.Repeat("😊", 10500) + "'", "Exceeded max expression length 21000"},
		{"too long and no UTF-8", strings.Repeat("\x80", 1<<20), "Exceeded max expression length 21000"},
		{"parentheses do not count", strings.Repeat("(", 10000) + "1" + strings.Repeat(")", 10000), ""},
		{"depth of !", strings.Repeat("!", 49) + "true", ""},
		{"too many !", strings.Repeat("!", 50) + "true", "Exceeded max expression depth 50"},
		{"far too many !", strings.Repeat("!", 20000) + "true", "Exceeded max expression depth 50"},
		{"depth of comparisons", strings.Repeat("1 == ", 49) + "1", ""},
		{"too many comparisons", strings.Repeat("1 == ", 50) + "1", "Exceeded max expression depth 50"},
		{"one level of &&", strings.Repeat("1 && ", 3000) + "1", ""},
		{"one level of && in parentheses", strings.Repeat("1 && (", 2000) + "1" + strings.Repeat(")", 2000), ""},
		{"&& and || in turns", strings.Repeat("1 && (1 || (", 25) + "1" + strings.Repeat("))", 25), "Exceeded max expression depth 50"},
		{"an unclosed pile", strings.Repeat("foo[", 5000), "Unexpected end of expression: '['"},
	} {
		_, err := expr.Parse(c.src, nil)
		switch {
		case c.message == "" && err != nil:
			t.Errorf("%s: %.80s", c.name, err)
		case c.message != "" && (err == nil || !strings.HasPrefix(err.Error(), c.message)):
			t.Errorf("%s: got %.80v, want %s", c.name, err, c.message)
		}
	}
}

func TestWithoutNamesEverythingIsAllowed(t *testing.T) {
	x, err := expr.Parse("any.thing && goes(1, 2, 3)", nil)
	if err != nil {
		t.Fatal(err)
	}
	if x.Source() != "any.thing && goes(1, 2, 3)" {
		t.Errorf("the source is %q", x.Source())
	}
	if !x.Calls("success", "GOES") || x.Calls("thing", "success") {
		t.Error("Calls does not find the function")
	}
	if _, err := expr.Parse("contains(1)", nil); err == nil {
		t.Error("built-in functions are checked all the same")
	}
}

func TestTree(t *testing.T) {
	for src, want := range map[string]string{
		"":                            "null",
		"1||2&&3":                     "(1 || (2 && 3))",
		"(1||2)&&3":                   "((1 || 2) && 3)",
		"1 && (2 && 3) && 4":          "(1 && 2 && 3 && 4)",
		"(1 || 2) || (3 || 4)":        "(1 || 2 || 3 || 4)",
		"1 == 2 < 3 != 4":             "((1 == (2 < 3)) != 4)",
		"1 < 2 <= 3 > 4 >= 5":         "((((1 < 2) <= 3) > 4) >= 5)",
		"!a.b == !(c)[0]":             "(!a.b == !c[0])",
		"!!(1 == 2)":                  "!!(1 == 2)",
		"a['b']['c d'][0][*].*[e.f]":  "a.b['c d'][0].*.*[e.f]",
		"a['true'].null":              "a.true.null",
		"a['1']":                      "a['1']",
		"Format ( '{0}''' , NaN,-1 )": "Format('{0}''', NaN, -1)",
		"f(g(), h(1)).x":              "f(g(), h(1)).x",
		"+Infinity == -Infinity":      "(Infinity == -Infinity)",
	} {
		x, err := expr.Parse(src, nil)
		if err != nil {
			t.Errorf("%s: %v", src, err)
		} else if x.String() != want {
			t.Errorf("%s\n got %s\nwant %s", src, x, want)
		}
	}
}

// Every node knows the bytes it was read from: those bytes parse to the same
// node again.
func TestSpans(t *testing.T) {
	const src = " !a.b[ 'é' ].* && ( contains( x['y z'] , -1.5e3 ) || null == 'it''s' ) "
	x, err := expr.Parse(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	nodes := 0
	expr.Walk(x.Root(), func(n expr.Node) bool {
		nodes++
		span := n.Place()
		if n.Pos() != span.Start {
			t.Errorf("Pos is %d, the span begins at %d", n.Pos(), span.Start)
		}
		if _, root := n.(*expr.Logical); root && n == x.Root() {
			return true // ends inside of a parenthesis
		}
		part, err := expr.Parse(src[span.Start:span.End], nil)
		if err != nil {
			t.Fatalf("%T at %v: %v", n, span, err)
		}
		whole := &strings.Builder{}
		expr.Walk(part.Root(), func(n expr.Node) bool { whole.WriteString(kindOf(n)); return true })
		again := &strings.Builder{}
		expr.Walk(n, func(n expr.Node) bool { again.WriteString(kindOf(n)); return true })
		if whole.String() != again.String() {
			t.Errorf("%q parses to %s, the node is %s", src[span.Start:span.End], whole, again)
		}
		return true
	})
	if nodes != 16 {
		t.Errorf("visited %d nodes, want 16", nodes)
	}
}

func kindOf(n expr.Node) string {
	switch n := n.(type) {
	case *expr.Literal:
		return "literal " + n.Value.Kind().String() + " " + n.Value.Text() + "\n"
	case *expr.Context:
		return "context " + n.Name + "\n"
	case *expr.Index:
		return "index " + n.Name + "\n"
	case *expr.Call:
		return "call " + n.Name + "\n"
	case *expr.Unary:
		return "unary\n"
	case *expr.Binary:
		return "binary " + n.Op.String() + "\n"
	case *expr.Logical:
		return "logical " + n.Op.String() + "\n"
	}
	return "?"
}

func TestReferences(t *testing.T) {
	const src = "github.event.commits[0].*.message == steps[matrix.step]['out put'] || fromJSON(needs.a.outputs.b).c[env.X] || secrets"
	x, err := expr.Parse(src, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for ref := range expr.References(x.Root()) {
		s := ref.Context.Name
		for _, step := range ref.Path {
			switch step.Form {
			case expr.Property:
				s += "/" + step.Name
				if !strings.HasPrefix(strings.TrimPrefix(src[step.At:], "'"), step.Name) {
					t.Errorf("%s is not at byte %d", step.Name, step.At)
				}
			case expr.Computed:
				s += "/[]"
			case expr.Wildcard:
				s += "/*"
			}
		}
		got = append(got, s)
	}
	want := []string{"github/event/commits/[]/*/message", "steps/[]/out put", "matrix/step", "needs/a/outputs/b", "env/X", "secrets"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for ref := range expr.References(x.Root()) { // leaving early
		if ref.Context.Name == "matrix" {
			break
		}
	}
}

// What an expression prints as parses to an expression that prints the same.
func TestPrintedTreeParses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := genExpression(4).Draw(t, "source")
		x, err := expr.Parse(src, nil)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		again, err := expr.Parse(x.String(), nil)
		if err != nil {
			t.Fatalf("%s prints as %s: %v", src, x, err)
		}
		if again.String() != x.String() {
			t.Fatalf("%s\nprints as %s\nthat as   %s", src, x, again)
		}
	})
}

// genExpression generates sources of expressions over the contexts a and b.
func genExpression(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		operand := func() string { return genExpression(depth-1).Draw(t, "operand") }
		space := rapid.SampledFrom([]string{"", " ", "\n\t"})
		form := rapid.IntRange(0, 8).Draw(t, "form")
		if depth == 0 {
			form %= 3
		}
		switch form {
		case 0:
			return rapid.SampledFrom([]string{"null", "true", "false", "NaN", "Infinity", "-Infinity", "0", "-1.5", "1e21", "0xff", "0o17", ".5"}).Draw(t, "literal")
		case 1:
			return "'" + strings.ReplaceAll(rapid.String().Draw(t, "string"), "'", "''") + "'"
		case 2:
			return rapid.SampledFrom([]string{"a", "b.c", "A.d['x y']", "b.*", "a[*].e", "a[0]", "b[1][2].f"}).Draw(t, "reference")
		case 3:
			return "!" + space.Draw(t, "space") + operand()
		case 4:
			return "(" + operand() + ")" + rapid.SampledFrom([]string{"", ".x", "['y']", "[0]", ".*"}).Draw(t, "index")
		case 5:
			name := rapid.SampledFrom([]string{"contains", "startsWith", "ENDSWITH"}).Draw(t, "function")
			return name + "(" + operand() + "," + space.Draw(t, "space") + operand() + ")"
		case 6:
			name := rapid.SampledFrom([]string{"toJSON", "fromJSON", "join", "format"}).Draw(t, "function")
			return name + "(" + operand() + ")"
		case 7:
			return "a[" + operand() + "]"
		default:
			op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">=", "&&", "||"}).Draw(t, "operator")
			return operand() + space.Draw(t, "space") + op + space.Draw(t, "space") + operand()
		}
	})
}
