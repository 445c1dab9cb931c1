package expr

import (
	"iter"
	"strings"
)

// Span is a part of the source, in bytes: src[Start:End].
type Span struct{ Start, End int }

// Pos returns the byte offset at which the span begins.
func (s Span) Pos() int { return s.Start }

// Place returns the span itself.
func (s Span) Place() Span { return s }

// Node is a part of a parsed expression: *Literal, *Context, *Index, *Call,
// *Unary, *Binary or *Logical. Nodes must not be changed.
type Node interface {
	Pos() int    // byte offset in the source
	Place() Span // from the first to the last token; parentheses around the node are outside
	write(*strings.Builder)
}

// Literal is a constant.
type Literal struct {
	Span
	Value Value
}

// Context is a named value: `github`. The name is spelled as in the source.
type Context struct {
	Span
	Name string
}

// Index is `X.Name`, `X[Key]`, `X.*` or `X[*]`.
type Index struct {
	Span
	X    Node
	Form IndexForm
	Name string // the property of `X.Name`, the string of `X['Name']`
	Key  Node   // of `X[Key]`, a *Literal when Name is given; else nil
	At   int    // byte offset of the name, the key or the star
}

// IndexForm is the way an Index is written.
type IndexForm uint8

// The forms of an Index.
const (
	Property IndexForm = iota // X.Name and X['Name']
	Computed                  // X[Key]
	Wildcard                  // X.* and X[*]
)

// Call is a call of a function. The name is spelled as in the source.
type Call struct {
	Span
	Name string
	Args []Node
	fn   builtin // external when the caller of Eval supplies the function
}

// Unary is `!X`.
type Unary struct {
	Span
	X Node
}

// Binary is a comparison of two operands.
type Binary struct {
	Span
	Op   Operator // Equal … GreaterEqual
	X, Y Node
}

// Logical is operands joined by one kind of `&&` or `||`; neighbours of one
// kind are one node, whatever parentheses stood around them.
type Logical struct {
	Span
	Op   Operator // And, Or
	Args []Node   // at least two
}

// Operator is an operator between two operands.
type Operator uint8

// The operators, weakest binding first.
const (
	Or Operator = iota
	And
	Equal
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

// String returns the operator as it is written.
func (o Operator) String() string {
	return [...]string{"||", "&&", "==", "!=", "<", "<=", ">", ">="}[o]
}

// precedence is the strength with which o binds.
func (o Operator) precedence() int {
	switch {
	case o >= Less:
		return 4
	case o >= Equal:
		return 3
	case o == And:
		return 2
	}
	return 1
}

// Children yields the operands of n, in source order.
func Children(n Node) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		switch n := n.(type) {
		case *Index:
			if yield(n.X) && n.Key != nil {
				yield(n.Key)
			}
		case *Call:
			yieldAll(n.Args, yield)
		case *Unary:
			yield(n.X)
		case *Binary:
			if yield(n.X) {
				yield(n.Y)
			}
		case *Logical:
			yieldAll(n.Args, yield)
		}
	}
}

func yieldAll(nodes []Node, yield func(Node) bool) {
	for _, n := range nodes {
		if !yield(n) {
			return
		}
	}
}

// Walk visits n and everything below it, each node before its children. A
// visit that returns false leaves out the node's children.
func Walk(n Node, visit func(Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for child := range Children(n) {
		Walk(child, visit)
	}
}

// Reference is a context and everything that is asked of it in one chain:
// `github.event.commits[0].*`. It is the longest chain; the chains it contains
// are not references of their own, those inside its keys are.
type Reference struct {
	Context *Context
	Path    []*Index // outermost property last; empty for the bare context
}

// References yields the references below n in source order of their contexts.
func References(n Node) iter.Seq[Reference] {
	return func(yield func(Reference) bool) {
		more := true
		Walk(n, func(n Node) bool {
			if !more {
				return false
			}
			ref, ok := reference(n)
			if !ok {
				return true
			}
			more = yield(ref)
			for _, step := range ref.Path {
				for inner := range References(step.Key) {
					more = more && yield(inner)
				}
			}
			return false
		})
	}
}

// reference returns the chain n is, when it begins with a context.
func reference(n Node) (Reference, bool) {
	length := 0
	for x := n; ; length++ {
		switch at := x.(type) {
		case *Context:
			ref := Reference{Context: at, Path: make([]*Index, length)}
			for i := length - 1; i >= 0; i-- {
				ref.Path[i] = n.(*Index)
				n = ref.Path[i].X
			}
			return ref, true
		case *Index:
			x = at.X
		default:
			return Reference{}, false
		}
	}
}
