package expr

import (
	"math"
	"slices"
)

// Limits of an expression (ExpressionConstants.cs).
const (
	maxLength = 21000 // UTF-16 code units
	maxDepth  = 50    // nodes from the root to a leaf; parentheses do not count
)

// Names are the contexts and functions that one place of a workflow allows,
// besides the functions that are allowed everywhere. Case is ignored. Of the
// functions only the name and the numbers of arguments matter here.
type Names struct {
	Contexts  []string
	Functions []Function
}

// Expr is a parsed expression.
type Expr struct {
	src  string
	root Node
}

// Source returns the text that was parsed.
func (x *Expr) Source() string { return x.src }

// Root returns the tree. An expression without any token is the literal null.
func (x *Expr) Root() Node { return x.root }

// String returns the expression as GitHub prints it, all operators in
// parentheses. It parses to the same tree.
func (x *Expr) String() string { return text(x.root) }

// Calls reports whether x calls one of the functions names, ignoring case.
func (x *Expr) Calls(names ...string) bool {
	found := false
	Walk(x.root, func(n Node) bool {
		if call, ok := n.(*Call); ok && !found {
			found = slices.ContainsFunc(names, func(name string) bool { return equalFold(call.Name, name) })
		}
		return !found
	})
	return found
}

// Parse parses src, an expression without `${{ }}`. What it may name is in
// allowed; nil allows every context and function. The error is an *Error.
func Parse(src string, allowed *Names) (*Expr, error) {
	if len(src) > 3*maxLength || len(src) > maxLength && utf16Len(src) > maxLength {
		return nil, &Error{Kind: Lexing, Message: "Exceeded max expression length 21000"}
	}
	p := parser{lexer: lexer{src: src}, allowed: allowed}
	p.next()
	if p.tok.kind == tokenEnd {
		return &Expr{src: src, root: &Literal{}}, nil
	}
	root, err := p.binary(0)
	if err == nil && p.tok.kind != tokenEnd {
		err = p.unexpected()
	}
	if err != nil {
		return nil, p.firstOf(err)
	}
	if root.height > maxDepth {
		return nil, &Error{Kind: Parsing, Message: "Exceeded max expression depth 50", Offset: p.deep}
	}
	return &Expr{src: src, root: root.node}, nil
}

// parser is a recursive descent over the tokens.
type parser struct {
	lexer
	allowed *Names
	tok     token // the next token, not consumed yet
	prev    Span  // the last one consumed
	deep    int   // where maxDepth was first exceeded
}

// operand is a node and its height: the number of nodes from it to its
// farthest leaf, both included.
type operand struct {
	node   Node
	height int
}

func (p *parser) next() {
	p.prev = p.tok.Span
	p.lexer.next(&p.tok)
}

// above returns the height of a node over children of this height.
func (p *parser) above(height int) int {
	if height == maxDepth && p.deep == 0 {
		p.deep = p.prev.Start
	}
	return height + 1
}

// unexpected describes the next token, which cannot stand where it does.
func (p *parser) unexpected() *Error {
	switch p.tok.kind {
	case tokenEnd:
		return errorAt(Parsing, "Unexpected end of expression", p.src, p.prev)
	case tokenInvalid:
		return errorAt(Lexing, "Unexpected symbol", p.src, p.tok.Span)
	}
	return errorAt(Parsing, "Unexpected symbol", p.src, p.tok.Span)
}

// firstOf returns err, unless a later piece of the source is no token: GitHub
// reads all tokens before it parses them.
func (p *parser) firstOf(err *Error) *Error {
	for p.tok.kind != tokenEnd {
		if p.tok.kind == tokenInvalid {
			return p.unexpected()
		}
		p.next()
	}
	return err
}

// expect consumes a token of this kind.
func (p *parser) expect(k tokenKind) *Error {
	if p.tok.kind != k {
		return p.unexpected()
	}
	p.next()
	return nil
}

// binary reads operands joined by operators that bind stronger than min.
func (p *parser) binary(min int) (operand, *Error) {
	left, err := p.unary()
	for err == nil && p.tok.kind >= tokenOr {
		op := Operator(p.tok.kind - tokenOr)
		if op.precedence() <= min {
			break
		}
		p.next()
		var right operand
		if right, err = p.binary(op.precedence()); err == nil {
			left = p.join(op, left, right)
		}
	}
	return left, err
}

// join makes the node for two operands. Nested operands of `&&` and `||` are
// merged into one node.
func (p *parser) join(op Operator, x, y operand) operand {
	span := Span{x.node.Place().Start, y.node.Place().End}
	if op >= Equal {
		n := &Binary{Span: span, Op: op, X: x.node, Y: y.node}
		return operand{n, p.above(max(x.height, y.height))}
	}
	n := &Logical{Span: span, Op: op}
	height := 0 // of the highest operand
	for _, o := range [...]operand{x, y} {
		if nested, ok := o.node.(*Logical); ok && nested.Op == op {
			if n.Args == nil {
				n.Args = nested.Args // and the room behind it: nested is dropped
			} else {
				n.Args = append(n.Args, nested.Args...)
			}
			height = max(height, o.height-1)
			continue
		}
		n.Args = appendNode(n.Args, o.node)
		height = max(height, o.height)
	}
	return operand{n, p.above(height)}
}

// appendNode is append, with room for the second node from the first on.
func appendNode(nodes []Node, n Node) []Node {
	if nodes == nil {
		nodes = make([]Node, 0, 2)
	}
	return append(nodes, n)
}

func (p *parser) unary() (operand, *Error) {
	if p.tok.kind != tokenNot {
		return p.postfix()
	}
	start := p.tok.Start
	p.next()
	x, err := p.unary()
	if err != nil {
		return operand{}, err
	}
	n := &Unary{Span: Span{start, x.node.Place().End}, X: x.node}
	return operand{n, p.above(x.height)}, nil
}

// postfix reads an operand and what is indexed of it. Literals cannot be
// indexed, unless in parentheses.
func (p *parser) postfix() (operand, *Error) {
	x, indexable, err := p.primary()
	for err == nil && indexable {
		switch p.tok.kind {
		case tokenDot:
			x, err = p.property(x)
		case tokenOpenIndex:
			x, err = p.index(x)
		default:
			return x, nil
		}
	}
	return x, err
}

// property reads `.name` or `.*` after x.
func (p *parser) property(x operand) (operand, *Error) {
	p.next()
	n := &Index{Span: Span{x.node.Place().Start, p.tok.End}, X: x.node, At: p.tok.Start}
	switch p.tok.kind {
	case tokenName:
		n.Name = p.src[p.tok.Start:p.tok.End]
	case tokenStar:
		n.Form = Wildcard
	default:
		return operand{}, p.unexpected()
	}
	p.next()
	return operand{n, p.above(x.height)}, nil
}

// index reads `[key]` or `[*]` after x.
func (p *parser) index(x operand) (operand, *Error) {
	p.next()
	n := &Index{X: x.node, At: p.tok.Start}
	height := x.height
	if p.tok.kind == tokenStar {
		n.Form = Wildcard
		p.next()
	} else {
		key, err := p.binary(0)
		if err != nil {
			return operand{}, err
		}
		n.Form, n.Key = Computed, key.node
		if name, ok := key.node.(*Literal); ok && name.Value.kind == KindString {
			n.Form, n.Name = Property, name.Value.str
		}
		height = max(height, key.height)
	}
	if err := p.expect(tokenCloseIndex); err != nil {
		return operand{}, err
	}
	n.Span = Span{x.node.Place().Start, p.prev.End}
	return operand{n, p.above(height)}, nil
}

// primary reads a literal, a context, a call or a group, and reports whether
// it can be indexed.
func (p *parser) primary() (x operand, indexable bool, err *Error) {
	switch p.tok.kind {
	case tokenNumber:
		return p.literal(Number(p.tok.number)), false, nil
	case tokenString:
		return p.literal(String(p.tok.str)), false, nil
	case tokenOpen:
		p.next()
		x, err = p.binary(0)
		if err == nil {
			err = p.expect(tokenClose)
		}
		return x, true, err
	case tokenKeyword:
		return p.literal(keyword(p.src[p.tok.Start:p.tok.End])), false, nil
	case tokenName:
	default:
		return operand{}, false, p.unexpected()
	}
	p.next()
	if p.tok.kind == tokenOpen {
		x, err = p.call(p.prev)
	} else {
		x, err = p.context(p.prev)
	}
	return x, true, err
}

func (p *parser) literal(v Value) operand {
	n := &Literal{Span: p.tok.Span, Value: v}
	p.next()
	return operand{n, 1}
}

// keyword returns the value that a keyword stands for.
func keyword(word string) Value {
	switch word {
	case "true":
		return Bool(true)
	case "false":
		return Bool(false)
	case "NaN":
		return Number(math.NaN())
	case "Infinity":
		return Number(math.Inf(1))
	}
	return Null()
}

func (p *parser) context(at Span) (operand, *Error) {
	name := p.src[at.Start:at.End]
	if p.allowed != nil && !slices.ContainsFunc(p.allowed.Contexts, func(c string) bool { return equalFold(c, name) }) {
		return operand{}, errorAt(Parsing, "Unrecognized named-value", p.src, at)
	}
	return operand{&Context{Span: at, Name: name}, 1}, nil
}

// call reads the arguments of the function named at; the next token is `(`.
func (p *parser) call(at Span) (operand, *Error) {
	n := &Call{Span: at, Name: p.src[at.Start:at.End]}
	f, known := p.function(n)
	p.next()
	height := 0
	for p.tok.kind != tokenClose || len(n.Args) > 0 {
		arg, err := p.binary(0)
		if err != nil {
			return operand{}, err
		}
		n.Args = appendNode(n.Args, arg.node)
		height = max(height, arg.height)
		if p.tok.kind != tokenComma {
			break
		}
		p.next()
	}
	if err := p.expect(tokenClose); err != nil {
		return operand{}, err
	}
	n.End = p.prev.End
	what := ""
	switch {
	case !known && p.allowed != nil:
		what = "Unrecognized function"
	case !known:
	case len(n.Args) < f.Min:
		what = "Too few parameters supplied"
	case len(n.Args) > f.Max:
		what = "Too many parameters supplied"
	case n.fn == fnCase && len(n.Args)%2 == 0:
		what = "Even number of parameters supplied, requires an odd number of parameters"
	}
	if what != "" {
		return operand{}, errorAt(Parsing, what, p.src, at)
	}
	return operand{n, p.above(height)}, nil
}

// function finds the function n calls, and tells n when it is a built-in one.
func (p *parser) function(n *Call) (*Function, bool) {
	for i := range builtins {
		if equalFold(builtins[i].Name, n.Name) {
			n.fn = builtin(i)
			return &builtins[i], true
		}
	}
	n.fn = external
	if p.allowed != nil {
		for i := range p.allowed.Functions {
			if f := &p.allowed.Functions[i]; equalFold(f.Name, n.Name) {
				return f, true
			}
		}
	}
	return nil, false
}
