package lint

import (
	"fmt"
	"slices"
	"strings"

	"slipway/internal/expr"
)

// call types a call and notes arguments the function can do nothing with. How
// many arguments a function takes was checked when the file was read.
func (c *checker) call(n *expr.Call) *typ {
	args := make([]*typ, len(n.Args))
	for i, a := range n.Args {
		args[i] = c.typeOf(a)
	}
	switch strings.ToLower(n.Name) {
	case "contains":
		c.contains(n, args)
	case "startswith", "endswith":
		c.textArguments(n, args)
		c.impossiblePrefix(n, args)
	case "format":
		return c.format(n, args)
	case "join":
		c.want(n, 0, args, kindArray|kindScalar|kindNull)
		c.want(n, 1, args, kindScalar|kindNull)
		return stringType
	case "fromjson":
		return c.fromJSON(n, args)
	case "tojson":
		return stringType
	case "hashfiles":
		c.textArguments(n, args)
		return stringType
	case "case":
		return c.cases(n, args)
	case "always", "success", "failure", "cancelled":
	default:
		return anyType
	}
	return booleanType
}

// want notes an argument that can't be of one of the kinds.
func (c *checker) want(n *expr.Call, i int, args []*typ, k kinds) {
	if i < len(args) && !args[i].can(k) {
		c.add(&badArgument{n.Args[i].Place(), fmt.Sprintf("%s() needs %s here, not %s",
			n.Name, withArticle(&typ{kinds: k}), withArticle(args[i]))})
	}
}

func (c *checker) textArguments(n *expr.Call, args []*typ) {
	for i := range args {
		c.want(n, i, args, kindScalar|kindNull)
	}
}

// contains searches arrays and strings; of objects it knows nothing (Contains.cs).
func (c *checker) contains(n *expr.Call, args []*typ) {
	if len(args) < 2 {
		return
	}
	switch {
	case args[0].is(kindObject):
		c.add(&badArgument{n.Args[0].Place(), "contains() searches an array or a string, and finds nothing in an object"})
	case args[0].is(kindScalar|kindNull) && args[1].is(kindComplex):
		c.add(&badArgument{n.Args[1].Place(), "contains() can't find " + withArticle(args[1]) + " in a string"})
	}
}

// impossiblePrefix notes a startsWith() that is never true.
func (c *checker) impossiblePrefix(n *expr.Call, args []*typ) {
	if !strings.EqualFold(n.Name, "startsWith") || len(args) < 2 {
		return
	}
	literal, ok := n.Args[1].(*expr.Literal)
	if _, constant := n.Args[0].(*expr.Literal); constant || !ok || literal.Value.Kind() != expr.KindString {
		return
	}
	if x := args[0].text; args[0].is(kindString) && !x.canBegin(literal.Value.Text()) {
		c.add(&badComparison{n.Span, expr.Equal, c.path(n.Args[0]) + " " + x.why(literal.Value.Text())})
	}
}

// format checks a literal format string against the arguments (Format.cs).
func (c *checker) format(n *expr.Call, args []*typ) *typ {
	for i := range args {
		if args[i].is(kindComplex) {
			c.add(&complexText{n.Args[i].Place(), args[i]})
		}
	}
	literal, ok := n.Args[0].(*expr.Literal)
	if !ok {
		return stringType
	}
	used, problem := placeholders(literal.Value.Text())
	if problem != "" {
		c.add(&badArgument{literal.Place(), "the format string " + problem})
		return stringType
	}
	given := len(args) - 1
	for _, i := range used {
		if i >= given {
			c.add(&badArgument{literal.Place(), fmt.Sprintf("the format string uses {%d}, and there are only %d arguments to put in, counted from 0", i, given)})
			return stringType
		}
	}
	for i := range given {
		if !slices.Contains(used, i) {
			c.add(&badArgument{n.Args[i+1].Place(), fmt.Sprintf("the format string never uses this argument: it has no {%d}", i)})
		}
	}
	return stringType
}

// placeholders returns the numbers in the braces of a format string, or what
// is wrong with it. `{{` and `}}` are braces that mean themselves.
func placeholders(format string) (used []int, problem string) {
	for i := 0; i < len(format); i++ {
		switch format[i] {
		case '{':
			if strings.HasPrefix(format[i:], "{{") {
				i++
				continue
			}
			number, size := 0, 1
			for ; i+size < len(format) && '0' <= format[i+size] && format[i+size] <= '9' && number < 1000; size++ {
				number = 10*number + int(format[i+size]-'0')
			}
			if size == 1 || i+size == len(format) || format[i+size] != '}' && format[i+size] != ':' {
				return nil, "has a '{' that begins no placeholder; write '{{' for the brace itself"
			}
			used = append(used, number)
			i += strings.IndexByte(format[i:]+"}", '}')
		case '}':
			if !strings.HasPrefix(format[i:], "}}") {
				return nil, "has a '}' that ends no placeholder; write '}}' for the brace itself"
			}
			i++
		}
	}
	return used, ""
}

// fromJSON types the value of a literal; of anything else nothing is known.
func (c *checker) fromJSON(n *expr.Call, args []*typ) *typ {
	c.textArguments(n, args)
	literal, ok := n.Args[0].(*expr.Literal)
	if !ok || literal.Value.Kind() != expr.KindString {
		return anyType
	}
	v, err := expr.FromJSON([]byte(literal.Value.Text()))
	if err != nil {
		c.add(&badArgument{literal.Place(), "fromJSON() can't read this: it isn't valid JSON"})
		return anyType
	}
	return literalType(v)
}

// cases types case(predicate, value, …, otherwise); its predicates must be
// booleans, or the run fails (Case.cs).
func (c *checker) cases(n *expr.Call, args []*typ) *typ {
	if len(args)%2 == 0 {
		return anyType // and GitHub rejects the file
	}
	t := args[len(args)-1]
	for i := 0; i+1 < len(args); i += 2 {
		if !args[i].can(kindBoolean) {
			c.add(&badArgument{n.Args[i].Place(), "case() needs a boolean as predicate, not " + withArticle(args[i])})
		}
		t = merge(t, args[i+1])
	}
	return t
}
