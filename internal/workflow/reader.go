package workflow

import "go.yaml.in/yaml/v4"

// reader turns the YAML nodes of one file into tokens and checks them against
// the schema on the way, in the order and with the messages of GitHub's
// TemplateReader.cs.
type reader struct {
	budget
	dialect
	tokens      tokenSlab
	expressions expressionReader
}

func newReader(src *source, document *yaml.Node, f fileReader) *reader {
	return &reader{
		budget:      budget{errorList: f.errors, memory: f.memory, file: src.file, ascii: isASCII(src.data)},
		dialect:     f.dialect,
		tokens:      newTokenSlab(src, document),
		expressions: expressionReader{errorList: f.errors},
	}
}

// root reads a whole document.
func (r *reader) root(document *yaml.Node, id shapeID) *Token {
	r.events = 4 // the start and end of the stream and of the document
	if document.Kind != yaml.DocumentNode || len(document.Content) == 0 {
		r.stop("Unexpected parser state")
		return nil
	}
	return r.value(document.Content[0], id)
}

// value reads the node n, which stands at the place id.
func (r *reader) value(n *yaml.Node, id shapeID) *Token {
	n = r.resolve(n)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		return r.collection(n, id)
	}
	t := r.scalar(n, id)
	if r.stopped {
		return nil
	}
	r.validate(t, id)
	r.takeScalar(t)
	return t
}

// scalar reads a scalar that stands, as a value or as a key of the mapping, at
// the place id: a literal or, when it has a `${{`, an expression.
func (r *reader) scalar(n *yaml.Node, id shapeID) *Token {
	t := r.tokens.token(n, TokenString)
	t.text = n.Value
	meaning, problem := readLiteral(n)
	if problem != "" {
		r.stop(problem)
		return t
	}
	t.kind, t.truth, t.number = meaning.kind, meaning.truth, meaning.number
	if t.kind == TokenString {
		r.expressions.text(t, shapes[id].contextNames())
	}
	return t
}

// resolve follows an alias and counts the node. It returns nil once reading
// has stopped.
func (r *reader) resolve(n *yaml.Node) *yaml.Node {
	if n.Anchor != "" && r.noAnchors {
		r.stop("Anchors are not currently supported. Remove the anchor '" + n.Anchor + "'")
		return nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if r.takeNode(n.Kind); r.stopped {
		return nil
	}
	return n
}

// collection reads a sequence or mapping.
func (r *reader) collection(n *yaml.Node, id shapeID) *Token {
	kind, name := TokenSequence, "sequence"
	if n.Kind == yaml.MappingNode {
		kind, name = TokenMapping, "mapping"
	}
	t := r.tokens.token(n, kind)
	if !r.enter() {
		return t
	}
	r.takeBytes(tokenBytes)
	switch item, object := shapes[id].item, shapes[id].object; {
	case kind == TokenSequence && item != 0:
		r.items(t, n.Content, item)
	case kind == TokenMapping && object != 0:
		m := mappingReader{reader: r, shape: id, object: &objects[object], mapping: t}
		m.read(n.Content)
	default:
		r.fail(t, "A "+name+" was not expected")
		r.skipAll(n.Content)
	}
	r.leave()
	return t
}

func (r *reader) items(sequence *Token, nodes []*yaml.Node, id shapeID) {
	sequence.kids = r.tokens.children(len(nodes))
	for _, n := range nodes {
		if item := r.value(n, id); item != nil {
			sequence.kids = append(sequence.kids, item)
		}
	}
}

// skip passes over a value that may not be there. Only limits and tags matter.
func (r *reader) skip(n *yaml.Node) {
	n = r.resolve(n)
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		if n.Style&yaml.TaggedStyle != 0 {
			if _, problem := taggedScalar(n); problem != "" {
				r.stop(problem)
			}
		}
		return
	}
	if !r.enter() {
		return
	}
	r.skipAll(n.Content)
	r.leave()
}

func (r *reader) skipAll(nodes []*yaml.Node) {
	for _, n := range nodes {
		r.skip(n)
	}
}

// validate checks that the scalar t may stand at the place id, and turns a
// number, boolean or null into a string where only a string may.
func (r *reader) validate(t *Token, id shapeID) {
	s := &shapes[id]
	switch t.kind {
	case TokenExpression:
		if s.names == 0 {
			r.fail(t, "A template expression is not allowed in this context")
		}
		return
	case TokenNull, TokenBoolean, TokenNumber:
		if s.scalars&acceptsKind[t.kind] != 0 {
			return
		}
	}
	text := t.Str()
	if t.kind == TokenInsert || !s.acceptsText(text) {
		r.fail(t, "Unexpected value '"+text+"'")
		return
	}
	t.kind, t.text = TokenString, text
	if s.scalars&readsExpression != 0 {
		r.expressions.condition(t, s.contextNames())
	}
}

var acceptsKind = [...]scalarSet{TokenNull: acceptsNull, TokenBoolean: acceptsBoolean, TokenNumber: acceptsNumber}
