package workflow

import "go.yaml.in/yaml/v4"

// tokenSlab allocates the tokens of a file, and room for their children, all
// at once.
type tokenSlab struct {
	src    *source
	tokens []Token  // not used yet
	slots  []*Token // likewise, for children
}

// moreTokens is how many tokens are allocated when there were fewer than
// needed: aliases repeat what they stand for.
const moreTokens = 64

// newTokenSlab returns a slab with a token for each node of a document.
func newTokenSlab(src *source, document *yaml.Node) tokenSlab {
	n := min(countNodes(document), maxYAMLNodes) // no more are read
	return tokenSlab{src: src, tokens: make([]Token, n), slots: make([]*Token, n)}
}

// countNodes returns how many nodes there are inside n. Aliases count as one.
func countNodes(n *yaml.Node) int {
	count := len(n.Content)
	for _, child := range n.Content {
		if len(child.Content) > 0 {
			count += countNodes(child)
		}
	}
	return count
}

// token returns a new token that stands where n stands.
func (s *tokenSlab) token(n *yaml.Node, kind TokenKind) *Token {
	if len(s.tokens) == 0 {
		s.tokens = make([]Token, moreTokens)
	}
	t := &s.tokens[0]
	s.tokens = s.tokens[1:]
	t.src, t.line, t.column, t.kind = s.src, uint32(n.Line), uint32(n.Column), kind
	return t
}

// children returns an empty slice with room for n tokens.
func (s *tokenSlab) children(n int) []*Token {
	if n > len(s.slots) {
		return make([]*Token, 0, n)
	}
	kids := s.slots[:0:n]
	s.slots = s.slots[n:]
	return kids
}
