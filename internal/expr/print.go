package expr

import "strings"

// text returns n as GitHub prints expressions in messages: every operator but
// `!` in parentheses (ConvertToExpression). It parses to the same tree.
func text(n Node) string {
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *Literal) write(b *strings.Builder) {
	switch n.Value.kind {
	case KindNull:
		b.WriteString("null")
	case KindString:
		b.WriteByte('\'')
		b.WriteString(strings.ReplaceAll(n.Value.str, "'", "''"))
		b.WriteByte('\'')
	default:
		b.WriteString(n.Value.Text())
	}
}

func (n *Context) write(b *strings.Builder) { b.WriteString(n.Name) }

func (n *Index) write(b *strings.Builder) {
	switch n.X.(type) {
	case *Literal, *Unary: // GitHub prints them bare, which is another expression or none
		b.WriteByte('(')
		n.X.write(b)
		b.WriteByte(')')
	default:
		n.X.write(b)
	}
	switch {
	case n.Form == Wildcard:
		b.WriteString(".*")
	case n.Form == Property && isName(n.Name):
		b.WriteByte('.')
		b.WriteString(n.Name)
	default:
		b.WriteByte('[')
		n.Key.write(b)
		b.WriteByte(']')
	}
}

func (n *Call) write(b *strings.Builder) {
	b.WriteString(n.Name)
	b.WriteByte('(')
	writeList(b, n.Args, ", ")
	b.WriteByte(')')
}

func (n *Unary) write(b *strings.Builder) {
	b.WriteByte('!')
	n.X.write(b)
}

func (n *Binary) write(b *strings.Builder) {
	b.WriteByte('(')
	n.X.write(b)
	b.WriteString(" " + n.Op.String() + " ")
	n.Y.write(b)
	b.WriteByte(')')
}

func (n *Logical) write(b *strings.Builder) {
	b.WriteByte('(')
	writeList(b, n.Args, " "+n.Op.String()+" ")
	b.WriteByte(')')
}

func writeList(b *strings.Builder, nodes []Node, separator string) {
	for i, n := range nodes {
		if i > 0 {
			b.WriteString(separator)
		}
		n.write(b)
	}
}
