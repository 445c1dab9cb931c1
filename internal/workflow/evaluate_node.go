package workflow

import (
	"errors"
	"slices"
	"strings"

	"slipway/internal/expr"
)

// node is a token with its expressions evaluated. What an expression gave
// stands where the expression stands, down to the last item of an array.
type node struct {
	pos   Pos
	kind  TokenKind // TokenNull to TokenMapping
	value expr.Value
	items []node // of a sequence; the values of a mapping
	keys  []node // of a mapping; each is a string
}

// evaluator expands tokens and reads the nodes, gathering errors on the way.
type evaluator struct {
	errorList
	scope *expr.Scope
}

func (e *evaluator) failed() bool { return len(e.errors) > 0 }

func (e *evaluator) unexpected(n *node) {
	e.add(n.pos, "Unexpected value '"+n.value.Text()+"'")
}

// expand evaluates every expression inside t.
func (e *evaluator) expand(t *Token) node {
	n := node{pos: t.Pos(), kind: t.Kind()}
	switch n.kind {
	case TokenNull:
	case TokenBoolean:
		n.value = expr.Bool(t.Bool())
	case TokenNumber:
		n.value = expr.Number(t.Number())
	case TokenString:
		n.value = expr.String(t.Str())
	case TokenSequence:
		n.items = make([]node, 0, len(t.Items()))
		for _, item := range t.Items() {
			n.items = append(n.items, e.expand(item))
		}
	case TokenMapping:
		e.expandMapping(t, &n)
	default:
		v, err := t.Eval(e.scope)
		if err != nil {
			e.addError(n.pos, err)
		}
		return nodeOf(n.pos, v)
	}
	return n
}

func (e *evaluator) addError(pos Pos, err error) {
	if one, ok := errors.AsType[*Error](err); ok {
		e.add(one.Pos, one.Message)
	} else {
		e.add(pos, err.Error())
	}
}

// expandMapping evaluates the pairs. A key given by an expression becomes
// text; `${{ insert }}` brings the pairs of its value.
func (e *evaluator) expandMapping(t *Token, n *node) {
	var seen foldSet
	add := func(key, value node) {
		if key.kind != TokenString {
			key = node{pos: key.pos, kind: TokenString, value: expr.String(key.value.Text())}
		}
		if name := key.value.Text(); !seen.add(name) {
			e.add(key.pos, "'"+name+"' is already defined")
			return
		}
		n.keys = append(n.keys, key)
		n.items = append(n.items, value)
	}
	for k, v := range t.Pairs() {
		if k.Kind() != TokenInsert {
			key, value := e.expand(k), e.expand(v)
			if e.scalar(&key) {
				add(key, value)
			}
			continue
		}
		inserted := e.expand(v)
		if inserted.kind != TokenMapping {
			e.add(inserted.pos, "Expected a mapping")
			continue
		}
		for i := range inserted.keys {
			add(inserted.keys[i], inserted.items[i])
		}
	}
}

// nodeOf is v as if it had been written at pos.
func nodeOf(pos Pos, v expr.Value) node {
	n := node{pos: pos, value: v}
	switch v.Kind() {
	case expr.KindBoolean:
		n.kind = TokenBoolean
	case expr.KindNumber:
		n.kind = TokenNumber
	case expr.KindString:
		n.kind = TokenString
	case expr.KindArray:
		n.kind, n.value = TokenSequence, expr.Null()
		for _, item := range v.Items() {
			n.items = append(n.items, nodeOf(pos, item))
		}
	case expr.KindObject:
		n.kind, n.value = TokenMapping, expr.Null()
		for key, item := range v.Object().All() {
			n.keys = append(n.keys, nodeOf(pos, expr.String(key)))
			n.items = append(n.items, nodeOf(pos, item))
		}
	}
	return n
}

// data is n as a value of the expression language.
func (n *node) data() expr.Value {
	switch n.kind {
	case TokenSequence:
		items := make([]expr.Value, len(n.items))
		for i := range n.items {
			items[i] = n.items[i].data()
		}
		return expr.Array(items)
	case TokenMapping:
		o := expr.NewObject()
		for i := range n.items {
			o.Set(n.keys[i].value.Text(), n.items[i].data())
		}
		return expr.FromObject(o)
	}
	return n.value
}

// scalar reports whether n is one, with an error otherwise.
func (e *evaluator) scalar(n *node) bool {
	switch n.kind {
	case TokenSequence:
		e.add(n.pos, "A sequence was not expected")
	case TokenMapping:
		e.add(n.pos, "A mapping was not expected")
	default:
		return true
	}
	return false
}

func (e *evaluator) text(n *node) string {
	if !e.scalar(n) {
		return ""
	}
	return n.value.Text()
}

func (e *evaluator) nonEmpty(n *node) string {
	s := e.text(n)
	if s == "" && n.kind != TokenSequence && n.kind != TokenMapping {
		e.unexpected(n)
	}
	return s
}

func (e *evaluator) boolean(n *node) bool {
	if e.scalar(n) && n.kind != TokenBoolean {
		e.unexpected(n)
	}
	return n.value.Truthy()
}

func (e *evaluator) number(n *node) float64 {
	if e.scalar(n) && n.kind != TokenNumber {
		e.unexpected(n)
		return 0
	}
	return n.value.Float()
}

// sequence returns the items of a sequence, with an error for anything else.
func (e *evaluator) sequence(n *node) []node {
	switch n.kind {
	case TokenSequence:
		return n.items
	case TokenMapping:
		e.add(n.pos, "A mapping was not expected")
	default:
		e.unexpected(n)
	}
	return nil
}

// isMapping reports whether n is a mapping, with an error otherwise.
func (e *evaluator) isMapping(n *node) bool {
	switch n.kind {
	case TokenMapping:
		return true
	case TokenSequence:
		e.add(n.pos, "A sequence was not expected")
	default:
		e.unexpected(n)
	}
	return false
}

// properties reads the pairs of a mapping whose keys are known.
func (e *evaluator) properties(n *node, known map[string]func(*node), required ...string) {
	if !e.isMapping(n) {
		return
	}
	for i := range n.keys {
		name := n.keys[i].value.Text()
		read, ok := known[name]
		if !ok {
			e.unexpected(&n.keys[i])
			continue
		}
		read(&n.items[i])
	}
	for _, name := range required {
		if !slices.ContainsFunc(n.keys, func(k node) bool { return strings.EqualFold(k.value.Text(), name) }) {
			e.add(n.pos, "Required property is missing: "+name)
		}
	}
}

func (e *evaluator) textMap(n *node) []KV {
	if !e.isMapping(n) {
		return nil
	}
	pairs := make([]KV, len(n.keys))
	for i := range n.keys {
		pairs[i] = KV{n.keys[i].value.Text(), e.text(&n.items[i])}
	}
	return pairs
}

func (e *evaluator) texts(n *node) []string {
	items := e.sequence(n)
	all := make([]string, len(items))
	for i := range items {
		all[i] = e.nonEmpty(&items[i])
	}
	return all
}
