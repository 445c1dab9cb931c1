package workflow

import "go.yaml.in/yaml/v4"

// tokenSlab allocates the tokens of a file many at a time.
type tokenSlab struct {
	src    *source
	tokens []Token  // not used yet
	slots  []*Token // likewise, for children
}

// token returns a new token that stands where n stands.
func (s *tokenSlab) token(n *yaml.Node, kind TokenKind) *Token {
	if len(s.tokens) == 0 {
		s.tokens = make([]Token, s.size())
	}
	t := &s.tokens[0]
	s.tokens = s.tokens[1:]
	t.src, t.line, t.column, t.kind = s.src, uint32(n.Line), uint32(n.Column), kind
	return t
}

// size is how many tokens are allocated at once: a third of what a file of
// this size usually has.
func (s *tokenSlab) size() int { return min(max(len(s.src.data)/20, 16), 512) }

// children returns an empty slice with room for n tokens.
func (s *tokenSlab) children(n int) []*Token {
	if n > len(s.slots) {
		size := s.size()
		if n > size/2 {
			return make([]*Token, 0, n)
		}
		s.slots = make([]*Token, size)
	}
	kids := s.slots[:0:n]
	s.slots = s.slots[n:]
	return kids
}
