package lint

import (
	"math"
	"strings"

	"slipway/internal/expr"
)

// problem is something in an expression that can't be right. The rules turn
// problems into messages; the type says which rule it is for.
type problem interface{ Place() expr.Span }

type (
	// unknownProperty is a property that an object surely hasn't got.
	unknownProperty struct {
		expr.Span
		name string
		of   *typ
		path string // of the object, as the expression spells it
	}
	// scalarProperty is a property of a value that has none.
	scalarProperty struct {
		expr.Span
		name string // "" for a wildcard
		of   *typ
		path string
	}
	// badArgument is an argument a function can do nothing with.
	badArgument struct {
		expr.Span
		message string
	}
	// badComparison is a comparison whose result is always the same.
	badComparison struct {
		expr.Span
		op     expr.Operator
		reason string
	}
	// complexText is an array or object where a text is made.
	complexText struct {
		expr.Span
		of *typ
	}
)

// checker infers the type of one expression and gathers what is wrong in it.
type checker struct {
	source   string
	contexts func(name string) *typ // nil for a context that isn't known
	problems []problem
}

// maxProblems bounds what is noted of one expression.
const maxProblems = 20

func (c *checker) add(p problem) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, p)
	}
}

// path is a node as the expression spells it.
func (c *checker) path(n expr.Node) string {
	at := n.Place()
	return c.source[at.Start:at.End]
}

// typeOf infers the type of a node. The depth is bounded by that of
// expressions, which the parser limits.
func (c *checker) typeOf(n expr.Node) *typ {
	switch n := n.(type) {
	case *expr.Literal:
		return literalType(n.Value)
	case *expr.Context:
		if t := c.contexts(strings.ToLower(n.Name)); t != nil {
			return t
		}
	case *expr.Index:
		return c.index(n)
	case *expr.Call:
		return c.call(n)
	case *expr.Unary:
		c.typeOf(n.X)
		return booleanType
	case *expr.Binary:
		c.compare(n)
		return booleanType
	case *expr.Logical:
		return c.logical(n)
	}
	return anyType
}

func literalType(v expr.Value) *typ {
	switch v.Kind() {
	case expr.KindNull:
		return nullType
	case expr.KindBoolean:
		return booleanType
	case expr.KindNumber:
		return numberType
	case expr.KindString:
		return oneOf(v.Text())
	case expr.KindArray:
		var item *typ
		for _, v := range v.Items() {
			item = merge(item, literalType(v))
		}
		return arrayOf(item)
	case expr.KindObject:
		o := newObject("")
		for name, v := range v.Object().All() {
			o.set(name, literalType(v))
		}
		return o
	}
	return anyType
}

// index types `X.name`, `X[key]` and `X.*`.
func (c *checker) index(n *expr.Index) *typ {
	of := c.typeOf(n.X)
	switch n.Form {
	case expr.Wildcard:
		if !of.can(kindComplex) {
			c.add(&scalarProperty{n.Span, "", of, c.path(n.X)})
			return arrayOf(nil)
		}
		return &typ{kinds: kindArray, item: of.element(), filtered: true}
	case expr.Property:
		return c.property(n, of, n.Name)
	}
	key := c.typeOf(n.Key)
	if literal, ok := n.Key.(*expr.Literal); ok && !of.can(kindArray) {
		return c.property(n, of, literal.Value.Text())
	}
	switch {
	case !of.can(kindComplex):
		c.add(&scalarProperty{n.Span, c.path(n.Key), of, c.path(n.X)})
	case key.is(kindComplex):
		c.add(&badArgument{n.Key.Place(), "an index can't be " + withArticle(key)})
	case of.is(kindArray):
		return of.element()
	case of.rest != nil && len(of.names) == 0:
		return of.rest
	}
	return anyType
}

// property types `X.name`. Of what a wildcard made, it is the property of each item.
func (c *checker) property(n *expr.Index, of *typ, name string) *typ {
	if of.filtered {
		item := of.element()
		if !item.can(kindObject) {
			return anyType
		}
		p, ok := item.property(name)
		if !ok {
			c.add(&unknownProperty{n.Span, name, item, c.path(n.X)})
		}
		return &typ{kinds: kindArray, item: p, filtered: true}
	}
	p, ok := of.property(name)
	switch {
	case ok:
	case of.can(kindObject):
		c.add(&unknownProperty{n.Span, name, of, c.path(n.X)})
		return anyType
	default:
		c.add(&scalarProperty{n.Span, name, of, c.path(n.X)})
		return anyType
	}
	return p
}

// logical types `a && b` and `a || b`, which yield one of their operands.
func (c *checker) logical(n *expr.Logical) *typ {
	var t *typ
	for i, arg := range n.Args {
		operand := c.typeOf(arg)
		switch {
		case i == len(n.Args)-1:
		case n.Op == expr.And:
			operand = falsy(operand)
		default:
			operand = truthy(operand)
		}
		t = merge(t, operand)
	}
	return t
}

// falsy narrows a type to its values that count as false; nil when it has none.
func falsy(t *typ) *typ {
	kinds := t.kinds &^ kindComplex
	if kinds == 0 {
		return nil
	}
	f := &typ{kinds: kinds, falsy: kinds}
	if t.can(kindString) {
		f.text = &text{values: []string{""}}
	}
	return f
}

// truthy narrows a type to its values that count as true; nil when it has none.
func truthy(t *typ) *typ {
	never := kindNull | t.falsy
	switch {
	case t.is(never):
		return nil
	case t == anyType || !t.can(never):
		return t
	}
	narrowed := *t
	narrowed.kinds &^= never
	narrowed.falsy = 0
	return &narrowed
}

// compare notes comparisons that always come out the same. Values of one kind
// compare as they are; otherwise both become numbers, and an array, an object
// or a string that is no number becomes NaN, which equals nothing (GitHub's
// EvaluationResult.AbstractEqual).
func (c *checker) compare(n *expr.Binary) {
	x, y := c.typeOf(n.X), c.typeOf(n.Y)
	reason := ""
	switch {
	case n.Op > expr.NotEqual:
		if x.is(kindComplex) || y.is(kindComplex) {
			reason = "arrays and objects have no order"
		}
	case x.is(kindComplex) && y.is(kindScalar), y.is(kindComplex) && x.is(kindScalar):
		reason = withArticle(x) + " never equals " + withArticle(y)
	default:
		reason = c.neverEqual(n.X, x, n.Y)
		if reason == "" {
			reason = c.neverEqual(n.Y, y, n.X)
		}
	}
	if reason != "" {
		c.add(&badComparison{n.Span, n.Op, reason})
	}
}

// neverEqual says why x, of type t, can't equal the literal y; "" when it can,
// or when y is no literal.
func (c *checker) neverEqual(x expr.Node, t *typ, y expr.Node) string {
	literal, ok := y.(*expr.Literal)
	if !ok {
		return ""
	}
	if _, constant := x.(*expr.Literal); constant {
		return ""
	}
	switch literal.Value.Kind() {
	case expr.KindString:
		s := literal.Value.Text()
		switch {
		case t.is(kindString|kindNull) && t.can(kindString):
			if !t.text.can(s) {
				return c.path(x) + " " + t.text.why(s)
			}
		case t.is(kindBoolean|kindNumber|kindNull) && t.can(kindBoolean|kindNumber) && math.IsNaN(literal.Value.Float()):
			return c.path(x) + " is " + withArticle(t) + ", which never equals the string '" + s + "'" + unquotedHint(t, s)
		}
	case expr.KindBoolean:
		if t.is(kindString) && t.text == nil && literal.Value.Truthy() {
			return c.path(x) + " is a string, and the string 'true' doesn't equal true; write 'true' in quotes"
		}
	}
	return ""
}

func unquotedHint(t *typ, s string) string {
	if t.can(kindBoolean) && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false")) {
		return "; write " + strings.ToLower(s) + " without quotes"
	}
	return ""
}

// withArticle names a type as a sentence does: "a string", "an object".
func withArticle(t *typ) string {
	name := t.String()
	switch {
	case t.kinds == kindAny || t.is(kindNull):
		return name
	case strings.ContainsRune("aeiou", rune(name[0])):
		return "an " + name
	}
	return "a " + name
}
